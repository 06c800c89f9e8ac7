// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/tool.hpp"

#include <string>
#include <vector>

namespace kvmkit::cli {

/// A command line taken apart: which row, and what was given to it.
struct Invocation {
    const Command* command = nullptr;
    Arguments arguments;
    bool wants_help = false;
};

/// Switches that may stand before the command, too: they take no value, so what follows is not theirs.
bool is_common_switch(std::string_view word);

struct Choice {
    const Command* command = nullptr;
    std::vector<std::string> rest;  ///< The words without the command's own.
};

/// Finds the row that a command line names, or the default one. ErrorCode::usage with what was probably meant.
Result<Choice> choose(const Tool& tool, const std::vector<std::string>& words);

/// Finds the command and reads its options in one parse, with abbreviations off. ErrorCode::usage says what is wrong
/// and what was probably meant.
Result<Invocation> parse(const Tool& tool, const std::vector<std::string>& words);

/// The options of one command, its own and the common ones.
po::options_description options_of(const Tool& tool, const Command& command);

}  // namespace kvmkit::cli
