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

/// Finds the command and reads its options in one parse, with abbreviations off. ErrorCode::usage says what is wrong
/// and what was probably meant.
Result<Invocation> parse(const Tool& tool, const std::vector<std::string>& words);

/// The options of one command, its own and the common ones.
po::options_description options_of(const Tool& tool, const Command& command);

}  // namespace kvmkit::cli
