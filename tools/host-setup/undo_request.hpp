// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "setup/history.hpp"

#include <string>

namespace kvmkit::host_setup {

/// Who takes back, by the command line of rollback or resume. ErrorCode::usage: a limit that is no time.
Result<setup::UndoRequest> undo_request(const cli::Arguments& arguments, const cli::Console& console);

/// The change that a command line names; empty: none.
std::string id_of(const cli::Arguments& arguments);

}  // namespace kvmkit::host_setup
