// SPDX-License-Identifier: Apache-2.0
#include "net/model/names.hpp"

#include "base/printable.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::string_view separators = ".-_";

Error bad_name(std::string_view text, std::string_view cause, std::string hint)
{
    constexpr std::size_t longest_shown = 200;
    return {ErrorCode::usage,
            fmt::format("cannot use link name '{}': {}", printable(text, longest_shown), cause),
            std::move(hint)};
}

/// NUL would end the name in the kernel, an escape sequence would reach the terminal of whoever lists the links, and
/// what is no UTF-8 does not come back from a journal.
bool can_be_shown(std::string_view text)
{
    return printable(text, text.size()) == text;
}

/// To the kernel the byte 0xA0 is a blank, also in the middle of a letter of UTF-8.
bool has_kernel_blank(std::string_view text)
{
    return text.find('\xA0') != std::string_view::npos;
}

bool continues_a_letter(char byte)
{
    constexpr unsigned mask = 0xC0;
    constexpr unsigned continuation = 0x80;
    return (static_cast<unsigned char>(byte) & mask) == continuation;
}

/// The first bytes of a text, at most so many; letters stay whole.
std::string_view front_of(std::string_view text, std::size_t most)
{
    auto size = std::min(most, text.size());
    while (size > 0 && size < text.size() && continues_a_letter(text[size])) {
        --size;
    }
    return text.substr(0, size);
}

std::string proposal(std::string_view text)
{
    const auto shorter = shortened(text);
    return LinkName::parse(shorter) ? fmt::format("a shorter one: {}", shorter)
                                    : fmt::format("choose one of at most {} bytes", max_link_name);
}

}  // namespace

Result<LinkName> LinkName::parse(std::string_view text)
{
    if (text.size() > max_link_name) {
        return bad_name(text,
                        fmt::format("it has {} {}, the kernel takes {}",
                                    text.size(),
                                    std::ranges::any_of(text, continues_a_letter) ? "bytes" : "characters",
                                    max_link_name),
                        proposal(text));
    }
    if (text.empty() || text.find_first_of("/:% \t\n\v\f\r") != std::string_view::npos) {
        return bad_name(
            text, "it is empty or holds a character that links cannot have", "no blank and none of / : % in it");
    }
    if (!can_be_shown(text)) {
        return bad_name(text, "it holds a character that cannot be shown", "no control characters in it, and UTF-8");
    }
    if (has_kernel_blank(text)) {
        return bad_name(text, "the kernel takes a byte of one of its letters for a blank", "use letters of ASCII");
    }
    // "all" and "default" are folders of every link's settings in /proc/sys/net.
    if (text == "." || text == ".." || text == "all" || text == "default") {
        return bad_name(text, "the kernel keeps it for itself", "choose another one, for example br0");
    }
    return LinkName{text};
}

std::string shortened(std::string_view name)
{
    constexpr std::size_t longest_tail = 6;
    if (name.size() <= max_link_name) {
        return std::string{name};
    }
    const auto cut = name.find_last_of(separators);
    const bool keeps_tail = cut != std::string_view::npos && name.size() - cut <= longest_tail;
    const auto tail = keeps_tail ? name.substr(cut) : std::string_view{};
    auto stem = front_of(name, max_link_name - tail.size());
    while (!stem.empty() && separators.find(stem.back()) != std::string_view::npos) {
        stem.remove_suffix(1);
    }
    return fmt::format("{}{}", stem, tail);
}

}  // namespace kvmkit::net
