// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/ipv4.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// Whether two ranges have an address in common.
bool overlap(const Ipv4Range& one, const Ipv4Range& other) noexcept;

/// "192.168.122.1".
std::string address_text(std::uint32_t address);

/// A range of private addresses for a network of libvirt's, /24: the first of 192.168.123.0 to 192.168.254.0, then of
/// 172.30.0.0/16, then of 10.123.0.0/16 that has nothing in common with these. Absent: all are taken.
std::optional<Ipv4Range> spare_range(std::span<const Ipv4Range> taken);

/// IPv4 addresses that this host uses already, and for what.
struct Ipv4Claim {
    enum class Kind { address, route, gateway };

    Kind kind = Kind::route;
    std::string device;      ///< "eth0"; empty: of no device, such as a route that drops what it gets.
    Ipv4Range range;         ///< What is reached by it; of a gateway itself alone.
    std::uint32_t host = 0;  ///< The host's own address, or the gateway's; of a route 0.
};

/// "address 192.168.122.50/24 of eth0", "route to 10.0.0.0/8 by tun0", "gateway 192.168.122.1 of eth0".
std::string describe(const Ipv4Claim& claim);

/// How much of a network's range makes a claim stand in its way.
enum class Clash {
    any,   ///< An address in common: what is chosen anew has none.
    hard,  ///< The claim lies in the range, which is narrower and wins: the host loses what it reaches there.
};

/// The first claim of another device that stands in the way of a network with this range.
std::optional<Ipv4Claim> find_claim(std::span<const Ipv4Claim> claims,
                                    const Ipv4Range& range,
                                    std::string_view own_device,
                                    Clash clash);

/// A range that no claim has an address in common with; absent: there is none left.
std::optional<Ipv4Range> spare_range(std::span<const Ipv4Claim> claims);

}  // namespace kvmkit
