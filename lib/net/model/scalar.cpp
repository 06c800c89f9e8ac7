// SPDX-License-Identifier: Apache-2.0
#include "net/model/scalar.hpp"

#include "base/number.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace kvmkit::net {

std::optional<std::uint64_t> read_number(std::string_view text)
{
    if (!text.starts_with("0x") && !text.starts_with("0X")) {
        return decimal<std::uint64_t>(text);
    }
    constexpr int hexadecimal = 16;
    text.remove_prefix(2);
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal);
    const bool whole = problem == std::errc{} && end == text.data() + text.size() && !text.empty();
    return whole ? std::optional{value} : std::nullopt;
}

std::optional<bool> read_boolean(std::string_view text)
{
    constexpr std::array<std::string_view, 5> on{"1", "true", "yes", "on", "y"};
    constexpr std::array<std::string_view, 5> off{"0", "false", "no", "off", "n"};
    std::string lower{text};
    std::ranges::transform(
        lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; });
    if (std::ranges::find(on, lower) != on.end()) {
        return true;
    }
    return std::ranges::find(off, lower) != off.end() ? std::optional{false} : std::nullopt;
}

}  // namespace kvmkit::net
