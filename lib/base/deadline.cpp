// SPDX-License-Identifier: Apache-2.0
#include "base/deadline.hpp"

#include <array>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace kvmkit {

Result<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    struct Unit {
        std::string_view suffix;
        std::int64_t milliseconds;
    };
    constexpr std::array<Unit, 5> units{{{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60'000}, {"h", 3'600'000}}};
    constexpr std::int64_t longest = 1'000'000'000;

    std::int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto suffix = text.substr(static_cast<std::size_t>(end - text.data()));
    for (const Unit& unit : units) {
        if (problem == std::errc{} && number >= 0 && number <= longest && suffix == unit.suffix) {
            return std::chrono::milliseconds{number * unit.milliseconds};
        }
    }
    return Error{ErrorCode::usage, fmt::format("'{}' is not a time", text), "write it like 90s, 2m or plain seconds"};
}

}  // namespace kvmkit
