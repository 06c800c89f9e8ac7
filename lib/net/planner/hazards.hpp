// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/way_back.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// What around the host speaks against a change that the kernel would make. Plain data: who plans gathers it.
struct HazardFacts {
    std::string cloud = {};                        ///< "Amazon EC2"; empty: none that is known.
    bool vmware = false;                           ///< The host is a guest of VMware's.
    std::map<LinkName, std::string> drivers = {};  ///< Of cards: "virtio_net", "ena".
    bool proxmox = false;                          ///< Proxmox VE is installed.
    std::set<std::string> ifupdown_links = {};     ///< Those that /etc/network/interfaces configures.
    std::optional<Operator> operator_at = {};
    std::map<LinkName, std::string> bpdus = {};  ///< Cards on which a spanning tree was heard, and from which bridge.
};

/// What is refused unless it is allowed by name.
struct Hazard {
    std::string name;  ///< "cloud-nic"
    Error error;       ///< ErrorCode::refused
    KeyPath origin = {};
};

/// The cards that a plan has frames of other MACs than their own sent by: they become ports, or what stands on them
/// does. Pure.
std::vector<const Link*> cards_to_bridge(const Network& network, const Plan& plan, const HazardFacts& around);

/// The names, in the order in which they are looked for.
const std::vector<std::string>& hazard_names();

/// Reads "cloud-nic,wifi", or "all". ErrorCode::usage names what there is.
Result<std::set<std::string>> read_allowed(const std::vector<std::string>& lists);

/// The first thing that speaks against a plan and is not allowed. Pure.
std::optional<Hazard> hazard_of(const Network& network,
                                const Plan& plan,
                                const HazardFacts& around,
                                const std::set<std::string>& allowed);

}  // namespace kvmkit::net
