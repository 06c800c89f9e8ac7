// SPDX-License-Identifier: Apache-2.0
#include "setup/package_size.hpp"

#include "base/text.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace kvmkit::setup {

Bytes whole_bytes(double value)
{
    constexpr double limit = 0x1p63;
    return value >= 0 && value < limit ? Bytes::of(static_cast<std::uint64_t>(value)) : Bytes{};
}

Bytes read_binary_size(std::string_view text)
{
    const auto parts = words(text);
    double value = 0;
    if (parts.size() != 2 ||
        std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), value).ec != std::errc{}) {
        return {};
    }
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    constexpr double step = 1024;
    for (const char* unit : units) {
        if (parts[1] == unit) {
            return whole_bytes(value);
        }
        value *= step;
    }
    return {};
}

}  // namespace kvmkit::setup
