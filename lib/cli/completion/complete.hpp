// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

#include <string>
#include <vector>

namespace kvmkit::cli {

/// How an unfinished word could go on.
struct Completion {
    Candidates words = {};      ///< Each in place of the whole word; also those that do not begin like it.
    Files files = Files::none;  ///< What files serve, too.
    std::size_t kept = 0;       ///< How many bytes of the word stand before the name of a file: those of "--root=".
};

/// What may stand in place of the last word, which may be empty, by the tool's own tables of commands and options.
/// `words` begins behind the tool's name and is not empty.
Completion complete(const Tool& tool, const std::vector<std::string>& words);

}  // namespace kvmkit::cli
