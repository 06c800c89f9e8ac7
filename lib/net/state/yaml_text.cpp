// SPDX-License-Identifier: Apache-2.0
#include "net/state/yaml_text.hpp"

#include "base/printable.hpp"
#include "net/state/yaml.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// Whether a tab stands before the first word of a line, the first of which is number 0.
bool is_indented_with_tabs(std::string_view text, std::size_t line)
{
    for (; line > 0 && !text.empty(); --line) {
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    }
    return text.substr(0, text.find_first_not_of(" \t")).find('\t') != std::string_view::npos;
}

}  // namespace

Place place_of_byte(std::string_view text, std::size_t position)
{
    const auto before = text.substr(0, position);
    const auto line_end = before.rfind('\n');
    const auto line = before.substr(line_end == std::string_view::npos ? 0 : line_end + 1);
    constexpr unsigned mask = 0xc0;
    constexpr unsigned continuation = 0x80;
    const auto characters = std::ranges::count_if(
        line, [](char byte) { return (static_cast<unsigned char>(byte) & mask) != continuation; });
    return {static_cast<unsigned>(std::ranges::count(before, '\n')) + 1, static_cast<unsigned>(characters) + 1};
}

std::optional<Mistake> unreadable(std::string_view text)
{
    if (text.size() > max_state_size) {
        return Mistake{{}, {}, "the file is larger than 4 MiB", "split it into several files"};
    }
    const auto control = std::ranges::find_if(
        text, [](char c) { return (c >= '\0' && c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == '\x7f'; });
    if (control != text.end()) {
        const auto at = static_cast<std::size_t>(control - text.begin());
        const auto code = static_cast<unsigned char>(*control);
        return Mistake{place_of_byte(text, at),
                       {},
                       code == 0 ? "a NUL byte stands here: this is no text"
                                 : fmt::format("a control character stands here (0x{:02x})", code),
                       "save the file as UTF-8 text"};
    }
    if (const auto broken = first_broken_byte(text)) {
        return Mistake{
            place_of_byte(text, *broken), {}, "bytes that are no UTF-8 stand here", "save the file as UTF-8 text"};
    }
    return std::nullopt;
}

std::string hint_for(std::string_view problem, std::string_view text, std::size_t line)
{
    struct Guess {
        std::string_view words;
        std::string_view hint;
    };
    constexpr std::array guesses{
        Guess{"expected ',' or", "close the bracket"},
        Guess{"unexpected end of stream", "close the quote"},
        Guess{"expected '-' indicator", "indent the line as those that it belongs to"},
        Guess{"expected key", "indent the line as those that it belongs to"},
        Guess{"expected <document start>", "indent the line as those that it belongs to"},
        Guess{"could not find expected ':'",
              "a key lacks its ':', or a line is not indented as those that it belongs to"},
        Guess{"mapping values are not allowed", "indent the key as those beside it; a line above may lack its ':'"},
        Guess{"cannot start any token", "put text that begins with this character in quotes"},
        Guess{"sequence entries are not allowed",
              "a list begins in a line of its own, indented as the key above or further"}};
    if (is_indented_with_tabs(text, line)) {
        return "indent with blanks: YAML takes no tabs there";
    }
    const auto guess = std::ranges::find_if(
        guesses, [problem](const Guess& row) { return problem.find(row.words) != std::string_view::npos; });
    return guess == guesses.end() ? std::string{} : std::string{guess->hint};
}

}  // namespace kvmkit::net
