// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/state/spot.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// One interface of a state file, with the places that rules between interfaces point at.
struct InterfaceReading {
    Spot spot;
    DesiredInterface wanted = {};
    std::string type = {};                   ///< As written; empty: not given.
    std::optional<Spot> name = {};           ///< Absent: not given, or not usable.
    std::optional<Spot> too_long_name = {};  ///< Not complained of yet: what is proposed must be free.
    std::optional<Spot> mtu = {};
    std::optional<Spot> ports = {};
    std::optional<Spot> controller = {};
    std::optional<Spot> moves_ip_from = {};
    std::optional<Spot> lower = {};
    std::optional<Spot> peer = {};
};

InterfaceReading read_interface(const Spot& spot);
DesiredIp read_ip(const Spot& spot, Family family);

// Sections of an interface, each for links of one type.
void read_bridge(const Spot& spot, InterfaceReading& reading);
void read_bond(const Spot& spot, InterfaceReading& reading);
void read_vlan(const Spot& spot, InterfaceReading& reading);
void read_vxlan(const Spot& spot, InterfaceReading& reading);
void read_veth(const Spot& spot, InterfaceReading& reading);

/// The VLANs of a port or of a bridge itself; absent after a mistake.
std::optional<DesiredVlans> read_vlans(const Spot& spot);

void read_routes(const Spot& spot, std::vector<DesiredRoute>& routes);
void read_resolver(const Spot& spot, std::optional<DesiredResolver>& resolver);

/// What holds between several interfaces, or between the keys of one.
void judge_interfaces(const std::vector<InterfaceReading>& readings);

/// What holds between links that stand on one another, and between the ends of cables.
void judge_layers(const std::vector<InterfaceReading>& readings);

/// The line that a mistake is told of.
inline unsigned line_of(const Spot& spot)
{
    return spot.node().place.line;
}

}  // namespace kvmkit::net
