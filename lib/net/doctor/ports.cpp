// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/doctor.hpp"
#include "net/doctor/lasting.hpp"
#include "net/doctor/words.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

template <class Row>
void for_each_port(const DoctorFacts& facts, const Row& row)
{
    for (const Link& link : facts.network.links) {
        if (const Link* bridge = bridge_of(facts.network, link)) {
            row(link, *bridge);
        }
    }
}

bool has_address(const Link& link, const InterfaceAddress& address)
{
    return std::ranges::find(link.addresses, address) != link.addresses.end();
}

/// A route by a gateway does not go with the address: it stays on the port, deaf.
std::string move_route(const Route& route, const Link& to)
{
    const std::string family = route.destination.family() == Family::ipv6 ? "-6" : "-4";
    auto text = command(
        {"ip", family, "route", "replace", route.destination.str(), "via", route.gateway->str(), "dev", to.name.str()});
    if (route.metric != 0) {
        text += fmt::format(" metric {}", route.metric);
    }
    return route.table != 0 && route.table != RT_TABLE_MAIN ? fmt::format("{} table {}", text, route.table) : text;
}

/// First the new place has all of it, then the old one loses it.
std::vector<std::string> move_addresses(const Network& network, const Link& from, const Link& to)
{
    std::vector<std::string> commands;
    if (!to.up) {
        commands.push_back(command({"ip", "link", "set", to.name.str(), "up"}));
    }
    for (const InterfaceAddress& address : host_addresses(from)) {
        if (!has_address(to, address)) {
            commands.push_back(command({"ip", "addr", "add", address.str(), "dev", to.name.str()}));
        }
    }
    for (const Route& route : network.routes) {
        if (route.link == from.index && route.gateway && !route.shared) {
            commands.push_back(move_route(route, to));
        }
    }
    for (const InterfaceAddress& address : host_addresses(from)) {
        commands.push_back(command({"ip", "addr", "del", address.str(), "dev", from.name.str()}));
    }
    return commands;
}

void address_on_port(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for (const Link& link : facts.network.links) {
        const Link* master = link.master != 0 ? find(facts.network, link.master) : nullptr;
        const auto addresses = host_addresses(link);
        if (addresses.empty() || master == nullptr || (!master->is_bridge() && master->kind != "bond")) {
            continue;
        }
        std::vector<std::string> texts;
        std::ranges::transform(addresses, std::back_inserter(texts), &InterfaceAddress::str);
        const std::string& name = link.name.str();
        found.push_back(
            {"port.address",
             Gravity::fault,
             {name, master->name.str()},
             fmt::format(
                 "{} is a port of {}, but has the address {}", name, master->name.str(), fmt::join(texts, ", ")),
             fmt::format(
                 "answers come in on {} and questions leave by {}: connections stall or die", master->name.str(), name),
             move_addresses(facts.network, link, *master),
             {keep_link(master->name.str())}});
    }
}

void ipv6_on_port(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for_each_port(facts, [&](const Link& port, const Link& bridge) {
        const bool active = std::ranges::any_of(
            port.addresses, [](const InterfaceAddress& address) { return address.family() == Family::ipv6; });
        if (!port.ipv6 || !active || port.is_tap()) {
            return;
        }
        const std::string& name = port.name.str();
        const auto setting = fmt::format("net/ipv6/conf/{}/disable_ipv6", name);
        found.push_back(
            {"port.ipv6",
             Gravity::note,
             {name, bridge.name.str()},
             fmt::format("IPv6 is active on {}, a port of {}", name, bridge.name.str()),
             "the port speaks for itself in the LAN: addresses there may clash with the bridge's or win over them",
             {sysctl_command(setting, 1)},
             {keep_sysctl(name + "-ipv6", setting, 1)}});
    });
}

/// A VM's end of a cable is what its hypervisor makes of it.
std::vector<std::string> keep_unless_tap(const Link& port)
{
    return port.is_tap() ? std::vector<std::string>{} : std::vector{keep_link(port.name.str())};
}

void mtu_of_ports(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for (const Link& bridge : facts.network.links) {
        const auto ports = bridge.is_bridge() ? ports_of(facts.network, bridge) : std::vector<const Link*>{};
        if (ports.empty()) {
            continue;
        }
        const auto [smallest, largest] = std::ranges::minmax(ports, {}, &Link::mtu);
        const std::string& name = bridge.name.str();
        if (smallest->mtu < bridge.mtu) {
            found.push_back({"mtu.port",
                             Gravity::fault,
                             {smallest->name.str(), name},
                             fmt::format("{} takes packets of {} bytes, its bridge {} sends up to {}",
                                         smallest->name.str(),
                                         smallest->mtu,
                                         name,
                                         bridge.mtu),
                             "larger ones are dropped without a word: small requests work, transfers hang",
                             {command({"ip", "link", "set", name, "mtu", std::to_string(smallest->mtu)})},
                             {keep_link(name)}});
        } else if (largest->mtu > bridge.mtu && smallest->mtu == bridge.mtu) {
            found.push_back(
                {"mtu.bridge",
                 Gravity::note,
                 {smallest->name.str(), name, largest->name.str()},
                 fmt::format("{} holds {} down to {} bytes, where {} takes {}",
                             smallest->name.str(),
                             name,
                             bridge.mtu,
                             largest->name.str(),
                             largest->mtu),
                 "a bridge is as large as its smallest port: jumbo frames of the others are lost on their way to it",
                 {command({"ip", "link", "set", smallest->name.str(), "mtu", std::to_string(largest->mtu)})},
                 keep_unless_tap(*smallest)});
        }
    }
}

void mtu_of_stacked(const DoctorFacts& facts, std::vector<Finding>& found)
{
    constexpr unsigned vxlan_header = 50;
    for (const Link& link : facts.network.links) {
        const Link* lower = link_below(link) != 0 ? find(facts.network, link_below(link)) : nullptr;
        if (lower == nullptr || lower == &link) {
            continue;
        }
        const unsigned header = link.kind == "vxlan" ? vxlan_header : 0;
        if (link.mtu + header <= lower->mtu) {
            continue;
        }
        const std::string& name = link.name.str();
        const unsigned right = lower->mtu - std::min(lower->mtu, header);
        found.push_back({"mtu.stacked",
                         Gravity::fault,
                         {name, lower->name.str()},
                         fmt::format("{} has an MTU of {}, {} below it takes {}{}",
                                     name,
                                     link.mtu,
                                     lower->name.str(),
                                     lower->mtu,
                                     header != 0 ? fmt::format(", {} of them for the tunnel", header) : ""),
                         "its larger packets are dropped or cut in pieces",
                         {command({"ip", "link", "set", name, "mtu", std::to_string(right)})},
                         link.kind == "vlan" ? std::vector{keep_link(name)} : std::vector<std::string>{}});
    }
}

/// A VLAN on top of a filtering bridge that the bridge itself is not in.
void bridge_outside_vlan(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for (const Link& link : facts.network.links) {
        const Link* bridge = link.kind == "vlan" && link.lower != 0 ? find(facts.network, link.lower) : nullptr;
        const VlanId id = vlan_of(link);
        if (bridge == nullptr || !filters_vlans(*bridge) || !bridge->vlans || bridge->vlans->members.has(id)) {
            continue;
        }
        const std::string& name = bridge->name.str();
        found.push_back({"vlan.bridge-outside",
                         Gravity::fault,
                         {link.name.str(), name},
                         fmt::format("{} is for VLAN {}, but {} filters VLANs and is itself in {}",
                                     link.name.str(),
                                     id,
                                     name,
                                     bridge->vlans->members.empty() ? "none" : bridge->vlans->members.str()),
                         fmt::format("{} hears nothing", link.name.str()),
                         {command({"bridge", "vlan", "add", "dev", name, "vid", std::to_string(id), "self"})},
                         {keep_link(name)}});
    }
}

/// A VLAN link on a port: the frames of that VLAN go to it or to the bridge, not to both.
void vlan_on_port(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for (const Link& link : facts.network.links) {
        const Link* port = link.kind == "vlan" && link.lower != 0 ? find(facts.network, link.lower) : nullptr;
        const Link* bridge = port != nullptr ? bridge_of(facts.network, *port) : nullptr;
        if (bridge == nullptr || !filters_vlans(*bridge) || link.master != 0) {
            continue;
        }
        const auto id = std::to_string(vlan_of(link));
        const std::string moved = shortened(fmt::format("{}.{}", bridge->name.str(), id));
        Finding finding{"vlan.on-port",
                        Gravity::risk,
                        {link.name.str(), port->name.str(), bridge->name.str()},
                        fmt::format("{} is for VLAN {} on {}, a port of {}, which filters VLANs",
                                    link.name.str(),
                                    id,
                                    port->name.str(),
                                    bridge->name.str()),
                        fmt::format("frames of VLAN {} reach it or the bridge, never both", id)};
        finding.commands = {
            command({"bridge", "vlan", "add", "dev", bridge->name.str(), "vid", id, "self"}),
            command({"ip", "link", "add", "link", bridge->name.str(), "name", moved, "type", "vlan", "id", id}),
            command({"ip", "link", "set", moved, "up"})};
        for (const InterfaceAddress& address : host_addresses(link)) {
            finding.commands.push_back(command({"ip", "addr", "add", address.str(), "dev", moved}));
        }
        finding.commands.push_back(command({"ip", "link", "del", link.name.str()}));
        finding.keep = {keep_link(bridge->name.str())};
        found.push_back(std::move(finding));
    }
}

/// A card keeps VLANs in a table of its own, which may be full before all are in it.
void hardware_vlan_filter(const DoctorFacts& facts, std::vector<Finding>& found)
{
    constexpr std::size_t many = 64;
    for_each_port(facts, [&](const Link& port, const Link& bridge) {
        const LinkFacts* own = facts_of(facts, port);
        const bool filters = own != nullptr && own->filters_vlans.value_or(false);
        if (!filters || !filters_vlans(bridge) || !port.vlans || port.vlans->members.size() <= many) {
            return;
        }
        const std::string& name = port.name.str();
        found.push_back(
            {"vlan.hardware-filter",
             Gravity::risk,
             {name, bridge.name.str()},
             fmt::format("{} is in {} VLANs, and its hardware filters them (rx-vlan-filter on)",
                         name,
                         port.vlans->members.size()),
             "a card whose table is full drops the VLANs that came last",
             {command({"ethtool", "-K", name, "rx-vlan-filter", "off"})},
             keep_by_udev(name + "-vlan-filter", name, {"/usr/sbin/ethtool", "-K", name, "rx-vlan-filter", "off"})});
    });
}

constexpr std::array<Examine, 7> rows{address_on_port,
                                      mtu_of_ports,
                                      mtu_of_stacked,
                                      bridge_outside_vlan,
                                      vlan_on_port,
                                      hardware_vlan_filter,
                                      ipv6_on_port};

}  // namespace

std::span<const Examine> port_examinations() noexcept
{
    return rows;
}

}  // namespace kvmkit::net
