// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Appends a text that is not among them yet.
inline void add_once(std::vector<std::string>& found, std::string_view text)
{
    if (std::ranges::find(found, text) == found.end()) {
        found.emplace_back(text);
    }
}

}  // namespace kvmkit::setup
