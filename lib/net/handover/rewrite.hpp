// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"

namespace kvmkit::net {

/// Told messages of a snapshot, made into requests for another link, or for the same one again. All pure.
class Rewriter {
public:
    /// `now_ms`: lifetimes lose what has passed since the snapshot was taken.
    Rewriter(const Snapshot& snapshot, Holder target, std::int64_t now_ms);

    /// The address beside the one in use: it answers, and nothing is sent through it yet. Its IPv4 route to the network
    /// comes last of all; an IPv6 one has none, and no duplicate address detection takes place.
    [[nodiscard]] Packet waiting_address(const Packet& told) const;
    /// The same address as it was told: the kernel makes its route to the network anew or moves it to its metric.
    [[nodiscard]] Packet final_address(const Packet& told) const;
    [[nodiscard]] Packet without_address(const Packet& told) const;

    /// Whether the kernel makes this route by itself where the address is.
    [[nodiscard]] bool comes_with_an_address(const Packet& route) const;
    /// A route that the kernel made from a router advertisement gets one more of metric: it stands in until the next
    /// advertisement makes the kernel's own, which only the kernel itself can renew.
    [[nodiscard]] Packet route(const Packet& told) const;
    [[nodiscard]] Packet without_route(const Packet& told) const;

    [[nodiscard]] Packet nexthop(const Packet& told) const;
    [[nodiscard]] Packet rule(const Packet& told) const;
    [[nodiscard]] Packet without_rule(const Packet& told) const;

    /// Known, to be confirmed at first use; entries that an administrator set stay fixed.
    [[nodiscard]] Packet neighbour(const Packet& told) const;
    [[nodiscard]] Packet without_neighbour(const Packet& told) const;

private:
    [[nodiscard]] Packet address(const Packet& told) const;
    [[nodiscard]] bool has_route(const Packet& address) const;
    [[nodiscard]] Packet moved_route(const Packet& told) const;
    [[nodiscard]] Packet moved_rule(const Packet& told) const;
    [[nodiscard]] std::uint32_t moved(std::uint32_t index) const;

    const Snapshot& snapshot_;
    Holder target_;
    std::uint32_t passed_s_;
};

/// Whether an IPv6 address is not known to be this host's alone: duplicate detection has found another one who has it,
/// or has not ended yet. Nobody sends from it, and it answers nobody.
bool is_unproven(const Packet& address);

/// Whether an administrator set a neighbour, or a proxy entry, which nothing brings back by itself.
bool is_fixed(const Packet& neighbour);

/// Whether the kernel made this route from a router advertisement.
bool is_of_a_router(const Snapshot& snapshot, const Packet& route);

}  // namespace kvmkit::net
