// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/kept_mac.hpp"

#include "net/sysfs.hpp"

#include <algorithm>

namespace kvmkit::net {
namespace {

bool has_address(const Link& link)
{
    return !std::ranges::all_of(link.addresses, &InterfaceAddress::is_ipv6_link_local);
}

/// A VLAN has the MAC of the link below.
bool is_known(const Network& network, const Link& bridge)
{
    const auto above = links_above(network, bridge);
    return has_address(bridge) ||
           std::ranges::any_of(above, [](const Link* link) { return link->kind == "vlan" && has_address(*link); });
}

/// Whether a port decides the MAC of a bridge that follows its ports', once it has come or as long as it stays.
bool decides(const Network& network, const Link& bridge, const Link& port, Passing what)
{
    if (what == Passing::leaves) {
        return port.mac == bridge.mac;
    }
    const auto ports = ports_of(network, bridge);
    return ports.empty() ? port.mac != bridge.mac : port.mac && *port.mac < *bridge.mac;
}

}  // namespace

bool would_change_mac(const Network& network, const Link& bridge, const Link& port, Passing what)
{
    return bridge.is_bridge() && bridge.mac && !bridge.mac->is_zero() && decides(network, bridge, port, what) &&
           is_known(network, bridge) && has_pinned_mac(bridge.name) == false;
}

}  // namespace kvmkit::net
