// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::cli {

/// What makes "bash", "zsh" or "fish" complete a tool's command lines, to be sourced or put where the shell looks for
/// such files; absent for another shell. The script holds no words: it asks the tool at each press of the key.
std::optional<std::string> completion_script(std::string_view shell, std::string_view tool);

}  // namespace kvmkit::cli
