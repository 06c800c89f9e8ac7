// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/plan.hpp"

namespace kvmkit::net {

/// `lan-bridge`: a card becomes a port of a bridge, and the bridge takes over what the host has on the card.
struct LanBridge {
    LinkName uplink;
    LinkName bridge;
};

/// The steps that are missing. A new bridge gets the MAC and the MTU of the card, no spanning tree. ErrorCode::refused:
/// the card can be no port, or the name is another link's; ErrorCode::not_found: there is no such card. Pure.
Result<Plan> plan_lan_bridge(const Network& network, const LanBridge& wanted, const Birthmark& birthmark);

/// The bridge that a card is a port of. ErrorCode::refused where it is a port of something else; absent: of nothing.
Result<std::optional<LinkName>> bridge_of(const Network& network, const LinkName& uplink);

/// What a bridge that was there before the card had then.
struct EarlierBridge {
    std::vector<InterfaceAddress> addresses = {};
    std::optional<MacAddress> mac = {};  ///< Absent: a change of before did not tell it.

    bool operator==(const EarlierBridge&) const = default;
};

/// `lan-bridge --back`: the card takes over what the host has on the bridge and is free; the bridge is deleted where no
/// other port is left, and stays as it is where VMs are on it, or where it was there before the card, with what it had
/// then: `earlier`. The steps that are missing. Pure.
Result<Plan> plan_lan_bridge_back(const Network& network,
                                  const LinkName& uplink,
                                  const std::optional<EarlierBridge>& earlier = {});

}  // namespace kvmkit::net
