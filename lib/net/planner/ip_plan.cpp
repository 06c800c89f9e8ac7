// SPDX-License-Identifier: Apache-2.0
#include "net/planner/internal/draft.hpp"
#include "net/planner/inverse.hpp"
#include "net/planner/port_rules.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using Addresses = std::vector<InterfaceAddress>;

struct OneFamily {
    Family family;
    const DesiredIp& wish;
};

std::array<OneFamily, 2> families_of(const DesiredInterface& wish)
{
    return {OneFamily{Family::ipv4, wish.ipv4}, OneFamily{Family::ipv6, wish.ipv6}};
}

bool contains(const Addresses& addresses, const InterfaceAddress& address)
{
    return std::ranges::find(addresses, address) != addresses.end();
}

/// Those of a family that count: the kernel gives itself the link-local ones.
Addresses present_addresses(const Link* link, Family family)
{
    Addresses addresses;
    for (const InterfaceAddress& address : link != nullptr ? link->addresses : Addresses{}) {
        if (address.family() == family && !address.is_ipv6_link_local()) {
            addresses.push_back(address);
        }
    }
    return addresses;
}

/// Link-local ones are added where a file names them; those that it does not name stay.
bool has_link_local(const Link* link, const InterfaceAddress& address)
{
    return address.is_ipv6_link_local() && link != nullptr && contains(link->addresses, address);
}

InterfaceAddress::Octets octets_of(const InterfaceAddress& address)
{
    InterfaceAddress::Octets octets{};
    std::copy(address.bytes().begin(), address.bytes().end(), octets.begin());
    return octets;
}

/// All that are wanted; absent: those that are there.
std::optional<Addresses> wanted_addresses(const DesiredIp& wish)
{
    return wish.enabled == false ? std::optional{Addresses{}} : wish.addresses;
}

/// Routes that the kernel takes away together with an address, or with the last one of its family.
void plan_lost_routes(Draft& draft, const Link& link, const InterfaceAddress& address, bool is_last)
{
    const auto source = IpAddress{address.family(), octets_of(address)};
    for (const Route& route : draft.network().routes) {
        const bool here = route.link == link.index && route.destination.family() == address.family();
        if (here && (is_last || route.source == source)) {
            take_away(draft, route, {}, through(link));
        }
    }
}

void plan_removals(Draft& draft, const DesiredInterface& wish, const OneFamily& one)
{
    const auto wanted = wanted_addresses(one.wish);
    const auto present = present_addresses(draft.present(wish.name), one.family);
    if (!wanted || draft.gives(wish.name)) {
        return;
    }
    for (auto address = present.rbegin(); address != present.rend(); ++address) {
        if (!contains(*wanted, *address)) {
            plan_lost_routes(
                draft, *draft.present(wish.name), *address, wanted->empty() && address + 1 == present.rend());
            draft.add(RemoveAddress{wish.name, *address}, one.wish.path);
        }
    }
}

/// Those that a DHCP server gave, as their lifetimes tell. Router advertisements give no /128.
Addresses leases(const Link* link, Family family)
{
    constexpr unsigned host_prefix = 128;
    Addresses leased = link != nullptr ? link->leased : Addresses{};
    std::erase_if(leased, [family](const InterfaceAddress& address) {
        return address.family() != family || address.is_ipv6_link_local() ||
               (family == Family::ipv6 && address.prefix() != host_prefix);
    });
    return leased;
}

/// Some clients give the kernel no lifetime. Of a bridge it may be its port's, from which the lease has come.
bool has_dhcp_client(const Draft& draft, const DesiredInterface& wish)
{
    return std::ranges::any_of(draft.known().dhcp_links, [&wish](const LinkName& name) {
        const auto ports = wish.ports.value_or(std::vector<DesiredPort>{});
        return name == wish.name || std::ranges::find(ports, name, &DesiredPort::name) != ports.end();
    });
}

/// What DHCP gave can be kept, and neither be asked for nor given back.
void check_lease(Draft& draft, const DesiredInterface& wish, const OneFamily& one)
{
    const Link* link = draft.present(wish.name);
    const Link* giver = draft.giver_of(wish.name);
    auto leased = leases(link, one.family);
    const auto moved = leases(giver, one.family);
    leased.insert(leased.end(), moved.begin(), moved.end());
    const bool any = !present_addresses(link, one.family).empty() || !present_addresses(giver, one.family).empty();
    if (one.wish.dhcp == true && leased.empty() && !(any && has_dhcp_client(draft, wish))) {
        draft.complain({ErrorCode::unsupported,
                        fmt::format("cannot get an address for '{}' by DHCP: net-setup is no DHCP client, and the link "
                                    "has no lease to keep",
                                    wish.name.str()),
                        "have the network's own manager ask for one, or give a fixed address"},
                       one.wish.path);
    }
    const auto wanted = wanted_addresses(one.wish);
    const auto stays = std::ranges::find_if(
        leased, [&wanted](const InterfaceAddress& address) { return !wanted || contains(*wanted, address); });
    if (one.wish.dhcp == false && stays != leased.end()) {
        draft.complain(
            {ErrorCode::unsupported,
             fmt::format("cannot end DHCP of '{}': its address {} is leased, and net-setup is no DHCP client",
                         wish.name.str(),
                         stays->str()),
             "have the network's own manager give it a fixed address, or leave 'dhcp' out to keep the lease"},
            one.wish.path);
    }
}

void plan_additions(Draft& draft, const DesiredInterface& wish, const OneFamily& one)
{
    auto present = present_addresses(draft.present(wish.name), one.family);
    const auto moved = present_addresses(draft.giver_of(wish.name), one.family);
    present.insert(present.end(), moved.begin(), moved.end());
    for (const InterfaceAddress& address : wanted_addresses(one.wish).value_or(Addresses{})) {
        if (!contains(present, address) && !has_link_local(draft.present(wish.name), address)) {
            draft.add(AddAddress{wish.name, address}, one.wish.path);
        }
    }
    check_lease(draft, wish, one);
}

/// Lower links first, ports before their masters.
void switch_up(Draft& draft, const LinkName& name, std::set<LinkName>& done)
{
    const DesiredInterface* wish = draft.wish(name);
    if (!done.insert(name).second) {
        return;
    }
    if (wish != nullptr && wish->keeps_switch) {
        return;
    }
    if (wish != nullptr && wish->lower) {
        switch_up(draft, *wish->lower, done);
    }
    for (const DesiredPort& port : wish != nullptr && wish->ports ? *wish->ports : std::vector<DesiredPort>{}) {
        switch_up(draft, port.name, done);
    }
    const Link* link = draft.present(name);
    const KeyPath path = wish != nullptr ? wish->path : KeyPath{};
    if (link == nullptr && draft.is_made(name)) {
        draft.add(SwitchUp{name, 0U}, path);
    } else if (link != nullptr && !link->up) {
        draft.add(SwitchUp{name}, path);
    }
}

/// Whether a bridge is to have all that the host has on the link: then it moves there, and nobody notices.
bool takes_over(const DesiredInterface& bridge, const Link& port)
{
    if (bridge.moves_ip_from == port.name) {
        return true;
    }
    bool any = false;
    for (const OneFamily& one : families_of(bridge)) {
        const auto addresses = present_addresses(&port, one.family);
        const auto wanted = one.wish.addresses.value_or(Addresses{});
        any = any || !addresses.empty();
        if (one.wish.dhcp != true &&
            !std::ranges::all_of(addresses, [&wanted](const auto& address) { return contains(wanted, address); })) {
            return false;
        }
    }
    return any;
}

}  // namespace

void find_handovers(Draft& draft)
{
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (wish.state != DesiredState::up || wish.kind != "bridge") {
            continue;
        }
        const Link* bridge = draft.present(wish.name);
        for (const DesiredPort& port : wish.ports.value_or(std::vector<DesiredPort>{})) {
            const Link* link = draft.present(port.name);
            const bool is_port = link != nullptr && bridge != nullptr && link->master == bridge->index;
            if (link != nullptr && !is_port && is_in_use(*link) && takes_over(wish, *link)) {
                draft.plan_to_move(wish.name, *link);
                break;
            }
        }
    }
}

void plan_present_addresses(Draft& draft)
{
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (wish.state != DesiredState::up) {
            continue;
        }
        // What comes in their place is there before they go.
        if (draft.present(wish.name) != nullptr) {
            for (const OneFamily& one : families_of(wish)) {
                plan_additions(draft, wish, one);
            }
        }
        for (const OneFamily& one : families_of(wish)) {
            plan_removals(draft, wish, one);
        }
    }
}

void plan_new_addresses(Draft& draft)
{
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (wish.state != DesiredState::up || draft.present(wish.name) != nullptr) {
            continue;
        }
        for (const OneFamily& one : families_of(wish)) {
            plan_additions(draft, wish, one);
        }
    }
}

void plan_ups(Draft& draft)
{
    std::set<LinkName> done;
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (wish.state == DesiredState::up) {
            switch_up(draft, wish.name, done);
        }
    }
    // The other end of a new veth of which the file says nothing stays off, and is no longer marked.
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (wish.state == DesiredState::up && wish.peer && draft.is_made(*wish.peer) && !done.contains(*wish.peer)) {
            draft.add(SetGroup{*wish.peer, 0}, wish.path);
        }
    }
}

}  // namespace kvmkit::net
