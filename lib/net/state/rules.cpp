// SPDX-License-Identifier: Apache-2.0
#include "net/state/reader.hpp"

#include <map>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using Readings = std::vector<InterfaceReading>;

/// A port, and the bridge or bond that lists it.
struct Membership {
    const InterfaceReading* controller;
    Spot spot;
};
using Memberships = std::map<LinkName, Membership>;

unsigned line_of(const Spot& spot)
{
    return spot.node().place.line;
}

bool is_wanted(const InterfaceReading& reading)
{
    return reading.wanted.state == DesiredState::up || reading.wanted.state == DesiredState::down;
}

void judge_names(const Readings& readings)
{
    std::map<LinkName, Spot> seen;
    for (const InterfaceReading& reading : readings) {
        if (!reading.name) {
            continue;
        }
        const auto [first, is_new] = seen.try_emplace(reading.wanted.name, *reading.name);
        if (!is_new) {
            reading.name->complain(fmt::format("the interface '{}' is described twice: in line {}, too",
                                               reading.wanted.name.str(),
                                               line_of(first->second)),
                                   "bring both descriptions together");
        }
    }
}

void judge_port(const InterfaceReading& controller, const LinkName& name, const Spot& spot, Memberships& members)
{
    if (name == controller.wanted.name) {
        spot.complain(fmt::format("'{}' cannot be a port of itself", name.str()), "name another link");
        return;
    }
    const auto [first, is_new] = members.try_emplace(name, Membership{&controller, spot});
    if (is_new) {
        return;
    }
    const auto& other = *first->second.controller;
    spot.complain(
        &other == &controller
            ? fmt::format("the port '{}' stands twice: in line {}, too", name.str(), line_of(first->second.spot))
            : fmt::format("'{}' is a port of '{}' already, in line {}",
                          name.str(),
                          other.wanted.name.str(),
                          line_of(first->second.spot)),
        "a link is a port of one bridge or bond: keep one of them");
}

Memberships memberships_of(const Readings& readings)
{
    Memberships members;
    for (const InterfaceReading& reading : readings) {
        if (!reading.wanted.ports || !reading.ports || !is_wanted(reading)) {
            continue;
        }
        const auto items = reading.ports->items();
        for (std::size_t i = 0; i < items.size() && i < reading.wanted.ports->size(); ++i) {
            const LinkName& name = reading.wanted.ports->at(i).name;
            if (!name.str().empty()) {
                judge_port(reading, name, items[i].entry("name").value_or(items[i]), members);
            }
        }
    }
    return members;
}

void judge_controller(const InterfaceReading& reading, const Memberships& members)
{
    const auto found = members.find(reading.wanted.name);
    if (!reading.controller || found == members.end()) {
        return;
    }
    const auto& bridge = found->second.controller->wanted.name.str();
    if (*reading.wanted.controller != bridge) {
        reading.controller->complain(
            fmt::format(
                "line {} makes '{}' a port of '{}'", line_of(found->second.spot), reading.wanted.name.str(), bridge),
            fmt::format("write controller: {}, or leave the key out", bridge));
    }
}

bool wants_ip(const DesiredIp& ip)
{
    return ip.enabled.value_or(ip.dhcp.value_or(false) || ip.autoconf.value_or(false) ||
                               (ip.addresses && !ip.addresses->empty()));
}

/// What a port receives goes to its bridge: addresses of its own would be deaf.
void judge_port_addresses(const InterfaceReading& reading, const Memberships& members)
{
    const auto found = members.find(reading.wanted.name);
    const bool asks = reading.controller && !reading.wanted.controller->empty();
    if (!is_wanted(reading) || (found == members.end() && !asks)) {
        return;
    }
    const auto bridge =
        found != members.end() ? found->second.controller->wanted.name.str() : *reading.wanted.controller;
    for (const auto& [key, ip] : {std::pair{"ipv4", &reading.wanted.ipv4}, std::pair{"ipv6", &reading.wanted.ipv6}}) {
        if (wants_ip(*ip)) {
            reading.spot.near(key).complain_of_key(
                fmt::format("'{}' is a port of '{}' and cannot have addresses", reading.wanted.name.str(), bridge),
                fmt::format("give them to '{}', and write enabled: false here", bridge));
        }
    }
}

void judge_mtu(const InterfaceReading& reading)
{
    constexpr unsigned least_for_ipv6 = 1280;
    if (reading.mtu && *reading.wanted.mtu < least_for_ipv6 && is_wanted(reading) && wants_ip(reading.wanted.ipv6)) {
        reading.mtu->complain(fmt::format("IPv6 needs an MTU of at least {}", least_for_ipv6),
                              fmt::format("give {} or more, or switch IPv6 off with enabled: false", least_for_ipv6));
    }
}

}  // namespace

void judge_interfaces(const std::vector<InterfaceReading>& readings)
{
    judge_names(readings);
    const auto members = memberships_of(readings);
    for (const InterfaceReading& reading : readings) {
        judge_controller(reading, members);
        judge_port_addresses(reading, members);
        judge_mtu(reading);
    }
}

}  // namespace kvmkit::net
