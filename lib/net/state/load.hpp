// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/state/state_file.hpp"

#include <string>

namespace kvmkit::net {

/// The bytes of a file of YAML, at most max_state_size of them; "-" is standard input. `kind` as in error_of().
Result<SourceText> load_text(const std::string& path, std::string_view kind);

/// Reads the state file of that path; "-" is standard input. An Error: it could not be read at all.
Result<StateReading> load_state(const std::string& path);

/// The same for those who can do nothing with a file that holds mistakes.
Result<StateFile> load_state_file(const std::string& path);

}  // namespace kvmkit::net
