// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/desired.hpp"
#include "net/planner/plan.hpp"

#include <vector>

namespace kvmkit::net {

/// What commands for hands ask for, in the words that state files are read into: so both have one planner, one order of
/// steps and the same refusals. All are pure. ErrorCode::not_found: a link that is named does not exist; refused: it is
/// of another kind, or it would cut somebody off.
using Wishes = Result<DesiredNetwork>;

/// `bridge set`: a bridge that exists gets these settings; it stays switched on or off.
struct BridgeSettings {
    LinkName bridge;
    LinkOptions options = {};  ///< IFLA_BR_*; those not named are kept.
    std::optional<unsigned> mtu = {};
    std::optional<MacAddress> mac = {};
};
Wishes wish_to_set(const Network& network, const BridgeSettings& settings);

/// `port add`: these links are ports of a bridge that exists, and all are switched on. Its other ports stay.
Wishes wish_to_attach(const Network& network, const LinkName& bridge, const std::vector<LinkName>& ports);

/// `port del`: these links are ports of nothing. They stay switched on or off.
Wishes wish_to_release(const Network& network, const std::vector<LinkName>& ports);

/// `vlan add`: a VLAN link on another one, both switched on.
struct VlanSpec {
    LinkName name;
    LinkName lower;
    VlanId id = 0;
    LinkOptions options = {};  ///< IFLA_VLAN_* beside the id.
    std::vector<InterfaceAddress> addresses = {};
    std::optional<unsigned> mtu = {};
};
Wishes wish_for_vlan(const Network& network, const VlanSpec& spec);

/// `vlan del`: there is no such VLAN link.
Wishes wish_without_vlan(const Network& network, const LinkName& name);

/// `bridge vlan set`: a port, or the bridge itself, belongs to these VLANs and no others. Whether the bridge filters by
/// them is kept.
Wishes wish_for_vlans(const Network& network, const LinkName& name, const DesiredVlans& vlans);

/// The bridge of a port, or the link itself, where that does not filter by VLANs; null: it does, or there is none.
const Link* bridge_without_filter(const Network& network, const LinkName& name);

/// The plan for wishes, or why there is none.
Result<Plan> plan_wishes(const Network& network, const Wishes& wishes, const Birthmark& birthmark);

}  // namespace kvmkit::net
