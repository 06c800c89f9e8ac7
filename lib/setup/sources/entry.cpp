// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/entry.hpp"

#include "setup/sources/internal/readers.hpp"

#include <algorithm>

namespace kvmkit::setup {
namespace {

constexpr std::string_view blanks = " \t\r\v\f";

}  // namespace

std::optional<SourceFormat> source_format_of(std::string_view file_name)
{
    // apt takes only names of these bytes from sources.list.d.
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    if (file_name.empty() || file_name.front() == '.' ||
        file_name.find_first_not_of(allowed) != std::string_view::npos) {
        return std::nullopt;
    }
    if (file_name.ends_with(".list")) {
        return SourceFormat::one_line;
    }
    return file_name.ends_with(".sources") ? std::optional{SourceFormat::deb822} : std::nullopt;
}

std::vector<SourceLine> source_lines(std::string_view text)
{
    std::vector<SourceLine> found;
    std::size_t begin = 0;
    unsigned number = 0;
    while (begin < text.size()) {
        const auto newline = std::min(text.find('\n', begin), text.size());
        const auto end = std::min(newline + 1, text.size());
        found.push_back({text.substr(begin, newline - begin), begin, end, ++number});
        begin = end;
    }
    return found;
}

std::vector<SourceWord> source_words(std::string_view part, std::size_t begin)
{
    std::vector<SourceWord> found;
    std::size_t at = part.find_first_not_of(blanks);
    while (at != std::string_view::npos) {
        const auto end = std::min(part.find_first_of(blanks, at), part.size());
        found.push_back({std::string{part.substr(at, end - at)}, begin + at});
        at = part.find_first_not_of(blanks, end);
    }
    return found;
}

std::string lower_case(std::string_view text)
{
    std::string small{text};
    std::ranges::transform(
        small, small.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return small;
}

SourceEntries read_source_entries(SourceFormat format, std::string_view text)
{
    return format == SourceFormat::one_line ? read_one_line_entries(text) : read_deb822_entries(text);
}

std::string with_edits(std::string_view text, std::vector<SourceEdit> edits)
{
    std::ranges::stable_sort(edits, {}, &SourceEdit::begin);
    std::string changed;
    std::size_t copied = 0;
    for (const SourceEdit& edit : edits) {
        changed += text.substr(copied, edit.begin - copied);
        changed += edit.text;
        copied = edit.end;
    }
    return changed.append(text.substr(copied));
}

}  // namespace kvmkit::setup
