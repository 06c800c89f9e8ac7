// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace kvmkit {

inline bool starts_with_any(std::string_view text, std::span<const std::string_view> beginnings)
{
    return std::ranges::any_of(beginnings, [text](std::string_view each) { return text.starts_with(each); });
}

}  // namespace kvmkit
