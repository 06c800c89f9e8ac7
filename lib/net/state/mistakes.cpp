// SPDX-License-Identifier: Apache-2.0
#include "net/state/mistakes.hpp"

#include "base/count.hpp"
#include "base/printable.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::size_t longest_message = 400;
constexpr std::size_t before_caret = 70;
constexpr std::size_t after_caret = 50;

std::string_view line_of(std::string_view text, unsigned number)
{
    for (; number > 1 && !text.empty(); --number) {
        const auto end = text.find('\n');
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return text.substr(0, text.find_first_of("\r\n"));
}

bool starts_character(char byte)
{
    constexpr unsigned mask = 0xc0;
    constexpr unsigned continuation = 0x80;
    return (static_cast<unsigned char>(byte) & mask) != continuation;
}

/// Where that many characters of the line end, in bytes.
std::size_t bytes_of(std::string_view line, std::size_t characters)
{
    std::size_t at = 0;
    for (; at < line.size(); ++at) {
        if (starts_character(line[at]) && characters-- == 0) {
            break;
        }
    }
    return at;
}

}  // namespace

void Mistakes::add(Mistake mistake)
{
    if (std::ranges::find(list_, mistake) != list_.end()) {
        return;  // found by two that read the same value
    }
    ++count_;
    const auto behind = std::ranges::upper_bound(list_, mistake.place, {}, &Mistake::place);
    list_.insert(behind, std::move(mistake));
    if (list_.size() > most) {
        list_.pop_back();
    }
}

std::string pointed_at(const SourceText& file, const Mistake& mistake)
{
    auto text = fmt::format("{}:{}:{}: {}",
                            printable(file.name, longest_message),
                            mistake.place.line,
                            mistake.place.column,
                            printable(mistake.message, longest_message));
    if (!file.text.empty()) {
        text += "\n" + excerpt(file.text, mistake.place);
    }
    if (!mistake.path.empty()) {
        text += fmt::format("\n  at {}", printable(mistake.path, longest_message));
    }
    if (!mistake.hint.empty()) {
        text += fmt::format("\n  {}", printable(mistake.hint, longest_message));
    }
    return text;
}

Error error_of(std::string_view kind, const SourceText& file, const Mistakes& mistakes)
{
    auto message = fmt::format("cannot use {} '{}': {}", kind, file.name, counted(mistakes.count(), "mistake"));
    for (const Mistake& mistake : mistakes.list()) {
        message += "\n" + pointed_at(file, mistake);
    }
    return {ErrorCode::usage, std::move(message)};
}

std::string excerpt(std::string_view text, Place place)
{
    const auto line = line_of(text, place.line);
    const std::size_t left = place.column - 1;
    const std::size_t cut = left > before_caret ? left - before_caret : 0;
    const auto from = bytes_of(line, cut);
    const auto till = bytes_of(line, left + after_caret);
    const std::string_view mark = cut > 0 ? "..." : "";
    const auto shown = printable(line.substr(from, till - from), till - from + 1);
    const std::string blanks(left - cut + mark.size(), ' ');
    return fmt::format("  {}{}{}\n  {}^", mark, shown, till < line.size() ? "..." : "", blanks);
}

}  // namespace kvmkit::net
