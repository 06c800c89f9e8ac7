// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvmkit::cli {

/// A word that may stand next on a command line.
struct Candidate {
    std::string word;
    std::string help = {};  ///< What it means, one line; may be empty.
};
using Candidates = std::vector<Candidate>;

/// What stands on an unfinished command line.
struct Given {
    std::vector<std::pair<std::string, std::string>> options = {};  ///< Long names; a switch has no value.
    std::vector<std::string> operands = {};                         ///< Before the word that is being completed.
    std::string typed = {};  ///< Of the word that is being completed, the part that a source completes.

    /// What was given to an option last; absent: it is not there.
    [[nodiscard]] std::optional<std::string> option(std::string_view name) const;
};

/// Words without a meaning beside them.
Candidates candidates_of(const std::vector<std::string>& words);

/// Whether names of files serve, too.
enum class Files { none, directories, any };

/// Where the words come from that a placeholder of a usage line, or of an option, stands for. A source asks nobody who
/// would have to be started first, and gives nothing where it cannot tell. Words in lower case stand for themselves
/// without a source, FILE, DIR and TAR for the names of files.
struct WordSource {
    std::string_view command;      ///< "image pull", or the first word of several commands; empty: of all.
    std::string_view placeholder;  ///< "NAME"
    Candidates (*words)(const Given& given) = nullptr;
    Files files = Files::none;
};

}  // namespace kvmkit::cli
