// SPDX-License-Identifier: Apache-2.0
#include "base/printable.hpp"

#include <cstdint>
#include <optional>

namespace kvmkit {
namespace {

constexpr char escape = '\x1b';
constexpr char bell = '\x07';
constexpr char32_t first_printable = 0xA0;  // beyond ASCII; 0x80 to 0x9F are control characters

/// How many bytes the sequence takes that starts with the ESC at the front.
std::size_t escape_length(std::string_view text)
{
    if (text.size() < 2) {
        return text.size();
    }
    if (text[1] == '[') {
        const auto last = text.find_first_not_of("0123456789;:<=>?!\"#$%&'()*+,-./ ", 2);
        return last == std::string_view::npos ? text.size() : last + 1;
    }
    if (text[1] == ']') {
        const auto last = text.find_first_of("\x07\x1b", 2);
        if (last == std::string_view::npos) {
            return text.size();
        }
        return text[last] == bell ? last + 1 : last;
    }
    return 2;
}

struct Character {
    char32_t code = 0;
    std::size_t bytes = 1;
};

/// The character at the front of UTF-8 text beyond ASCII; absent: the bytes are none, or not in their shortest form.
std::optional<Character> decode(std::string_view text)
{
    const auto byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
    const std::uint8_t lead = byte(0);
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
        return std::nullopt;
    }
    constexpr unsigned bits_per_byte = 6;
    constexpr unsigned continuation_mask = 0x3F;
    char32_t code = lead & (0x7FU >> length);
    for (std::size_t at = 1; at < length; ++at) {
        if ((byte(at) & 0xC0U) != 0x80U) {
            return std::nullopt;
        }
        code = (code << bits_per_byte) | (byte(at) & continuation_mask);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return overlong || surrogate || code > 0x10FFFF ? std::nullopt : std::optional{Character{code, length}};
}

/// Marks that show nothing, or that show other text where it does not stand.
bool is_invisible(char32_t code)
{
    return code < first_printable || code == 0xAD || (code >= 0x200B && code <= 0x200F) ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF ||
           (code >= 0xE000 && code <= 0xF8FF) || (code >= 0xFFF0 && code <= 0xFFFF) || code >= 0xE0000;
}

/// What stands for the front of the text; `bytes` is set to how much of it that takes.
std::string_view shown(std::string_view text, std::size_t& bytes)
{
    constexpr char delete_character = '\x7f';
    const char front = text.front();
    bytes = 1;
    if (static_cast<std::uint8_t>(front) < 0x80) {
        if (front == '\t') {
            return " ";
        }
        return front >= ' ' && front != delete_character ? text.substr(0, 1) : "?";
    }
    const auto character = decode(text);
    if (!character) {
        return "?";
    }
    bytes = character->bytes;
    return is_invisible(character->code) ? "?" : text.substr(0, bytes);
}

}  // namespace

std::string without_escapes(std::string_view text)
{
    std::string plain;
    plain.reserve(text.size());
    while (!text.empty()) {
        const std::size_t taken = text.front() == escape ? escape_length(text) : 1;
        if (text.front() != escape && text.front() != '\0') {
            plain += text.front();
        }
        text.remove_prefix(taken);
    }
    return plain;
}

std::string printable(std::string_view text, std::size_t max_bytes)
{
    const std::string plain = without_escapes(text);
    std::string_view rest = plain;
    std::string out;
    while (!rest.empty()) {
        std::size_t bytes = 1;
        const auto piece = shown(rest, bytes);
        if (out.size() + piece.size() > max_bytes) {
            return out + "...";
        }
        out += piece;
        rest.remove_prefix(bytes);
    }
    return out;
}

std::optional<std::size_t> first_broken_byte(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        if (static_cast<std::uint8_t>(text[at]) < 0x80) {
            ++at;
            continue;
        }
        const auto character = decode(text.substr(at));
        if (!character) {
            return at;
        }
        at += character->bytes;
    }
    return std::nullopt;
}

}  // namespace kvmkit
