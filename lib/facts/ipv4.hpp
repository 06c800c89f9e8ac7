// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// A range of IPv4 addresses: 192.168.122.0/24.
struct Ipv4Range {
    std::uint32_t address = 0;  ///< The first one; the highest byte is written first.
    unsigned prefix = 0;        ///< 0 to 32.

    /// Whether the other range lies in this one, or is the same.
    [[nodiscard]] bool holds(const Ipv4Range& other) const noexcept;
    bool operator==(const Ipv4Range&) const = default;
};

/// "192.168.122.1" as a number; absent for anything else.
std::optional<std::uint32_t> parse_ipv4(std::string_view text);

/// The range around an address: bits behind the prefix are cleared. A prefix beyond 32 counts as 32.
Ipv4Range range_around(std::uint32_t address, unsigned prefix);

/// "192.168.122.0/24".
std::string to_text(const Ipv4Range& range);

/// "192.168.122.0/24" as to_text() writes it; absent for anything else, and where bits behind the prefix are set.
std::optional<Ipv4Range> parse_ipv4_range(std::string_view text);

/// Where packets to a range go.
struct Ipv4Route {
    std::string device;
    Ipv4Range range;
};

/// The routes of the text of proc/net/route that are up, in its order; a line that makes no sense is left out.
std::vector<Ipv4Route> parse_routes(std::string_view routes);

}  // namespace kvmkit
