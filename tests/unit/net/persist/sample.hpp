// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/persist/profile.hpp"

#include <string>

namespace kvmkit::net::sample {

inline LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

inline InterfaceAddress address(const std::string& text)
{
    return InterfaceAddress::parse(text).value();
}

inline KeptRoute default_route(const std::string& gateway)
{
    const auto address = IpAddress::parse(gateway).value();
    return {.destination = Prefix::all(address.family()), .gateway = address};
}

inline KeptLink card(const std::string& text = "eth0")
{
    return {.name = name(text)};
}

inline KeptLink port(KeptLink link, const std::string& master)
{
    link.port = KeptPort{.master = name(master)};
    return link;
}

inline KeptLink bridge(const std::string& text)
{
    return {.name = name(text),
            .kind = "bridge",
            .mac = MacAddress::parse("52:54:00:12:34:56").value(),
            .settings = {{"stp.enabled", "false"}, {"stp.forward-delay", "0"}}};
}

inline KeptLink vlan(const std::string& text, const std::string& lower, const std::string& id)
{
    return {.name = name(text), .kind = "vlan", .lower = name(lower), .settings = {{"id", id}}};
}

inline VlanMembership vlans(const std::string& tagged)
{
    VlanMembership vlans{.members = VlanSet::parse(tagged).value(), .untagged = {}, .pvid = 1};
    vlans.members.add(1);
    vlans.untagged.add(1);
    return vlans;
}

/// The host's card on a bridge, with fixed addresses.
inline Profile fixed()
{
    auto br0 = bridge("br0");
    br0.addresses = {address("192.0.2.10/24"), address("2001:db8:1::10/64")};
    br0.routes = {default_route("192.0.2.1"), default_route("2001:db8:1::1")};
    br0.servers = {"192.0.2.53"};
    br0.search = {"example.org"};
    return {"br0", {port(card(), "br0"), br0}};
}

/// The same with a lease.
inline Profile leased()
{
    auto br0 = bridge("br0");
    br0.dhcp4 = true;
    br0.advertisements = true;
    return {"br0", {port(card(), "br0"), br0}};
}

/// A bridge that filters VLANs, and the host's own link in one of them.
inline Profile vlan_aware()
{
    auto br0 = bridge("br0");
    br0.settings.push_back({"vlan-filtering", "true"});
    br0.settings.push_back({"vlan-default-pvid", "1"});
    br0.vlans = vlans("100");
    br0.advertisements = true;
    br0.addresses = {address("192.0.2.10/24")};
    br0.routes = {default_route("192.0.2.1")};
    auto eth0 = port(card(), "br0");
    eth0.vlans = vlans("100,200-299");
    auto inside = vlan("br0.100", "br0", "100");
    inside.addresses = {address("198.51.100.10/24")};
    return {"br0", {eth0, br0, inside}};
}

/// A bridge on a VLAN of the card, which keeps the host's address.
inline Profile vlan_below()
{
    auto eth0 = card();
    eth0.addresses = {address("192.0.2.10/24")};
    eth0.routes = {default_route("192.0.2.1")};
    auto br100 = bridge("br100");
    br100.ipv6 = false;
    return {"br100", {eth0, port(vlan("eth0.100", "eth0", "100"), "br100"), br100}};
}

}  // namespace kvmkit::net::sample
