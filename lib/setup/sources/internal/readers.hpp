// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/sources/entry.hpp"

namespace kvmkit::setup {

SourceEntries read_one_line_entries(std::string_view text);
SourceEntries read_deb822_entries(std::string_view text);

/// A line of a text, where it begins, and where the next one does.
struct SourceLine {
    std::string_view text;  ///< Without its line end.
    std::size_t begin = 0;
    std::size_t end = 0;
    unsigned number = 0;  ///< From 1.
};

std::vector<SourceLine> source_lines(std::string_view text);

/// The words of a part of a file that begins at `begin`.
std::vector<SourceWord> source_words(std::string_view part, std::size_t begin);

/// ASCII only.
std::string lower_case(std::string_view text);

}  // namespace kvmkit::setup
