// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

#include <string>
#include <vector>

namespace kvmkit::cli {

/// "TOOL completion ...": with the name of a shell its script, else the answer to a script's question:
/// - "words WORD..." : how the last word could go on, a line for each, with a tab and its meaning;
/// - "line TEXT BREAKS": the same for bash, quoted, cut at BREAKS, and only what begins as what was typed.
/// Before them stands "words 0", "files KEPT" or "directories KEPT". `words` begins behind "completion". An answer that
/// takes longer than 0.3 s is none: the process ends.
Result<ExitCode> run_completion(const Tool& tool, const std::vector<std::string>& words, const Console& console);

}  // namespace kvmkit::cli
