// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/completion/word_source.hpp"

#include <string_view>

namespace kvmkit::cli {

/// The users in the text of etc/passwd, with what it says of them.
Candidates user_candidates(std::string_view passwd);

}  // namespace kvmkit::cli
