// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "setup/apply.hpp"
#include "txn/journal.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::host_setup {

/// Whether a change can be gone on with by what its journal keeps: it never stood, so that nobody asked to take it
/// back.
bool can_be_finished(const txn::Record& record);

/// Which change resume --finish is about: that of the id; or of those that killed runs left the newest that can be
/// finished, or the newest; or, where none is left, the last change if that was undone and keeps what it was to make.
Result<std::optional<txn::Record>> change_to_finish(const std::string& id);

/// What makes it to its end; absent: its command keeps nothing to go by, or there is nothing to finish. Looks at no
/// more than the record. ErrorCode::refused: another version of the program began it, or it is of another host.
Result<std::optional<setup::Request>> request_to_finish(const txn::Record& record, const cli::Arguments& arguments);

/// Why it cannot be finished: its command keeps nothing; or, with ErrorCode::refused, it was rolled back on request.
Error cannot_finish(const txn::Record& record);

}  // namespace kvmkit::host_setup
