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

bool is_wanted(const InterfaceReading& reading)
{
    return reading.wanted.state == DesiredState::up || reading.wanted.state == DesiredState::down;
}

/// A name that fits and that nobody in the file has, like the one that is too long.
std::optional<std::string> free_name(std::string_view wished, const std::map<LinkName, Spot>& taken)
{
    constexpr unsigned most_tries = 99;
    for (unsigned number = 1; number <= most_tries; ++number) {
        auto text = shortened(number == 1 ? std::string{wished} : fmt::format("{}-{}", wished, number));
        const auto name = LinkName::parse(text);
        if (name && !taken.contains(*name)) {
            return text;
        }
    }
    return std::nullopt;
}

/// Two names that are too long may be the same once they are shortened.
void judge_long_names(const Readings& readings, std::map<LinkName, Spot> taken)
{
    std::size_t proposed = 0;
    for (const InterfaceReading& reading : readings) {
        if (!reading.too_long_name) {
            continue;
        }
        const auto& wished = reading.too_long_name->node().text;
        const Error error = LinkName::parse(wished).error();
        const auto proposal = proposed++ < Mistakes::most ? free_name(wished, taken) : std::nullopt;
        reading.too_long_name->complain(error.message,
                                        proposal ? fmt::format("a shorter one: {}", *proposal) : error.hint);
        if (proposal) {
            taken.emplace(LinkName::from_kernel(*proposal), *reading.too_long_name);
        }
    }
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
    judge_long_names(readings, std::move(seen));
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

/// The kernel answers for the address on one link, and whose packets come in on the other one are lost. The same
/// link-local address on several links is none of these, nor is that of a link without a network of its own.
bool may_stand_on_several(const InterfaceAddress& address)
{
    constexpr unsigned whole_ipv4 = 32;
    constexpr unsigned whole_ipv6 = 128;
    return address.is_ipv6_link_local() ||
           address.prefix() == (address.family() == Family::ipv4 ? whole_ipv4 : whole_ipv6);
}

/// The value of the address of that text.
Spot place_of(const InterfaceReading& reading, const InterfaceAddress& address)
{
    auto ip = reading.spot.near(address.family() == Family::ipv4 ? "ipv4" : "ipv6");
    auto list = ip.near("address");
    if (list.node().kind != Node::Kind::list) {
        return ip;
    }
    for (const Spot& item : list.items()) {
        const Node* written = find(item.node(), "ip");
        const auto parsed = written != nullptr ? IpAddress::parse(written->text) : Result<IpAddress>{Error{}};
        if (parsed && parsed->bytes() == address.bytes()) {
            return item;
        }
    }
    return list;
}

struct Holders {
    std::map<InterfaceAddress, const InterfaceReading*> first = {};
    std::size_t told = 0;
};

/// To look for the place of one takes long where there are thousands: more than are shown are not even counted.
void judge_addresses(const InterfaceReading& reading, Holders& holders)
{
    for (const DesiredIp* ip : {&reading.wanted.ipv4, &reading.wanted.ipv6}) {
        for (const InterfaceAddress& address : ip->addresses.value_or(std::vector<InterfaceAddress>{})) {
            const auto [first, is_new] = holders.first.try_emplace(address, &reading);
            if (!is_new && first->second != &reading && !may_stand_on_several(address) &&
                holders.told < Mistakes::most) {
                ++holders.told;
                place_of(reading, address)
                    .complain(fmt::format("'{}' has the address '{}', too, by line {}",
                                          first->second->wanted.name.str(),
                                          address.str(),
                                          line_of(place_of(*first->second, address))),
                              "keep it on one of them");
            }
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
    judge_layers(readings);
    const auto members = memberships_of(readings);
    Holders holders;
    for (const InterfaceReading& reading : readings) {
        if (reading.name && reading.wanted.state == DesiredState::up) {
            judge_addresses(reading, holders);
        }
        judge_controller(reading, members);
        judge_port_addresses(reading, members);
        judge_mtu(reading);
    }
}

}  // namespace kvmkit::net
