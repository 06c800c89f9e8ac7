// SPDX-License-Identifier: Apache-2.0
#include "setup/binary_size.hpp"

#include "base/text.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>

namespace kvmkit::setup {

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
            const bool fits = value >= 0 && value < static_cast<double>(std::numeric_limits<std::int64_t>::max());
            return fits ? Bytes::of(static_cast<std::uint64_t>(value)) : Bytes{};
        }
        value *= step;
    }
    return {};
}

}  // namespace kvmkit::setup
