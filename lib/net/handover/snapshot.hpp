// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/channel.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// A link that addresses hang on, or will.
struct Holder {
    int index = 0;
    std::string name = {};

    bool operator==(const Holder&) const = default;
};

/// What hangs on a link, as the kernel told it: enough to put it there again, or on another link.
struct Snapshot {
    Holder holder = {};
    std::int64_t taken_ms = 0;           ///< CLOCK_BOOTTIME: lifetimes have run down since.
    bool kernel_routers = false;         ///< The kernel itself makes routes from router advertisements.
    std::uint8_t generation_mode = 0;    ///< IN6_ADDR_GEN_MODE_*: how the kernel makes its link-local address.
    std::vector<Packet> addresses = {};  ///< In the kernel's order.
    std::vector<Packet> routes = {};     ///< Those that lead through it, of all tables. See Packet::flags.
    std::vector<Packet> nexthops = {};
    std::vector<Packet> rules = {};  ///< Those that name it.
    std::vector<Packet> neighbours = {};

    bool operator==(const Snapshot&) const = default;
};

/// Reads all of it. No privilege.
Result<Snapshot> take_snapshot(Channel& channel, const Holder& holder);

/// As one line, for the journal: parse(serialise(s)) == s.
std::string serialise(const Snapshot& snapshot);
Result<Snapshot> parse_snapshot(std::string_view text);

/// Milliseconds since the boot, sleep included.
std::int64_t boot_time_ms();

}  // namespace kvmkit::net
