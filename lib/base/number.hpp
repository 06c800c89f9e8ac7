// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace kvmkit {

/// The decimal number that the text is; absent for an empty text, for anything before or behind it, and where it does
/// not fit.
template <class Number>
std::optional<Number> decimal(std::string_view text)
{
    Number value{};
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    return read.ec == std::errc{} && read.ptr == end && !text.empty() ? std::optional{value} : std::nullopt;
}

}  // namespace kvmkit
