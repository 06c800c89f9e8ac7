// SPDX-License-Identifier: Apache-2.0
#include "net/planner/internal/draft.hpp"
#include "net/planner/port_rules.hpp"

#include <linux/if_link.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// A link that is to be a port, of which master, and where that is said.
struct Membership {
    const DesiredInterface* master;
    LinkName port;
    KeyPath path;
};

/// Ports that masters list, and links that name their controller.
std::vector<Membership> wished_memberships(Draft& draft)
{
    std::vector<Membership> memberships;
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (wish.state != DesiredState::up) {
            continue;
        }
        for (const DesiredPort& port : wish.ports.value_or(std::vector<DesiredPort>{})) {
            memberships.push_back({&wish, port.name, port.path});
        }
        if (!wish.controller || wish.controller->empty()) {
            continue;
        }
        const DesiredInterface* master = draft.wish(LinkName::from_kernel(*wish.controller));
        if (master == nullptr) {
            draft.complain({ErrorCode::not_found,
                            fmt::format("cannot make '{}' a port of '{}': the file does not describe that one",
                                        wish.name.str(),
                                        *wish.controller),
                            "add an interface of type linux-bridge or bond with that name"},
                           wish.path);
        } else if (std::ranges::none_of(memberships, [&wish](const auto& one) { return one.port == wish.name; })) {
            memberships.push_back({master, wish.name, wish.path});
        }
    }
    return memberships;
}

/// What others put into a bridge and will take out of it themselves.
bool is_foreign(const Link& port)
{
    return port.is_tap() || port.kind == "veth" || port.kind == "tun";
}

/// Ports that a master has and is not to have.
void plan_releases(Draft& draft, const DesiredInterface& wish, const std::vector<Membership>& memberships)
{
    const Link* master = draft.present(wish.name);
    if (master == nullptr || !wish.ports) {
        return;
    }
    for (const Link* port : ports_of(draft.network(), *master)) {
        const bool listed = std::ranges::any_of(
            memberships, [&](const auto& one) { return one.master == &wish && one.port == port->name; });
        const bool stays =
            master->is_bridge() && wish.keep_foreign_ports && is_foreign(*port) && draft.wish(port->name) == nullptr;
        if (!listed && !stays && draft.present(port->name) != nullptr && draft.master_of(*port) != nullptr) {
            draft.add(Release{port->name, wish.name}, wish.path);
        }
    }
}

void plan_detachments(Draft& draft)
{
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        const Link* link = draft.present(wish.name);
        const Link* master = link != nullptr ? draft.master_of(*link) : nullptr;
        if (wish.state == DesiredState::up && wish.controller && wish.controller->empty() && master != nullptr) {
            draft.add(Release{wish.name, master->name}, wish.path);
        }
    }
}

/// The port as it is once the steps so far are made: what these take away does not count against it.
Link after_removals(const Draft& draft, const Link& port)
{
    Link link = port;
    const DesiredInterface* wish = draft.wish(port.name);
    const bool loses_v4 = wish != nullptr && wish->ipv4.enabled == false;
    const bool loses_v6 = wish != nullptr && wish->ipv6.enabled == false;
    std::erase_if(link.addresses, [&](const InterfaceAddress& address) {
        return address.family() == Family::ipv4 ? loses_v4 : loses_v6;
    });
    if (loses_v4 && loses_v6) {
        link.routes.clear();
    }
    link.master = 0;
    return link;
}

/// The link below one: as wished, or as it is.
std::optional<LinkName> lower_of(const Draft& draft, const LinkName& name)
{
    const DesiredInterface* wish = draft.wish(name);
    if (wish != nullptr && wish->lower) {
        return wish->lower;
    }
    const Link* link = draft.present(name);
    const Link* lower = link != nullptr ? find(draft.network(), link_below(*link)) : nullptr;
    return lower != nullptr ? std::optional{lower->name} : std::nullopt;
}

/// The kernel lets nothing be a port of what it stands on, and says no more than that it is busy.
bool stands_on(const Draft& draft, const LinkName& port, const LinkName& master)
{
    constexpr unsigned deepest = 16;
    auto name = lower_of(draft, port);
    for (unsigned depth = 0; name && *name != master && depth < deepest; ++depth) {
        name = lower_of(draft, *name);
    }
    return name == master;
}

/// What a state file has instead of a command of its own, where only what hangs on the port speaks against it.
Error with_hint_of_file(const Network& network, Error error, const Membership& membership, const Link& port)
{
    if (!membership.path.empty() && check_uplink(network, port, membership.master->name)) {
        error.hint += fmt::format(
            "; in this file, write move-ip-from: {} at '{}'", port.name.str(), membership.master->name.str());
    }
    return error;
}

void attach(Draft& draft, const Membership& membership, const Link* port)
{
    if (stands_on(draft, membership.port, membership.master->name)) {
        draft.complain({ErrorCode::refused,
                        fmt::format("cannot attach port '{0}' to '{1}': it stands on '{1}', and packets would go in a "
                                    "circle",
                                    membership.port.str(),
                                    membership.master->name.str()),
                        "name another port"},
                       membership.path);
        return;
    }
    const bool to_bond = membership.master->kind == "bond" || (draft.present(membership.master->name) != nullptr &&
                                                               draft.present(membership.master->name)->kind == "bond");
    if (port != nullptr && draft.giver_of(membership.master->name) == port) {
        if (auto fit = check_uplink(draft.network(), *port, membership.master->name); !fit) {
            draft.complain(fit.error(), membership.path);
            return;
        }
        draft.add(Handover{membership.port, membership.master->name, Direction::to_bridge}, membership.path);
        return;
    }
    if (port != nullptr) {
        if (auto checked = check_port(draft.network(), after_removals(draft, *port), membership.master->name);
            !checked) {
            draft.complain(
                with_hint_of_file(draft.network(), checked.error(), membership, after_removals(draft, *port)),
                membership.path);
            return;
        }
        if (to_bond && port->up) {
            draft.add(SwitchDown{membership.port}, membership.path);
        }
    }
    draft.add(Attach{membership.port, membership.master->name}, membership.path);
    if (to_bond && (port == nullptr || port->up)) {
        draft.add(SwitchUp{membership.port}, membership.path);
    }
}

void plan_membership(Draft& draft, const Membership& membership)
{
    const Link* port = draft.present(membership.port);
    if (port == nullptr && !draft.is_made(membership.port)) {
        draft.complain({ErrorCode::not_found,
                        fmt::format("cannot attach port '{}' to '{}': it does not exist",
                                    membership.port.str(),
                                    membership.master->name.str()),
                        "'net-setup show' lists the links"},
                       membership.path);
        return;
    }
    const Link* master = port != nullptr ? draft.master_of(*port) : nullptr;
    if (master != nullptr && master->name == membership.master->name) {
        return;
    }
    if (master != nullptr) {
        draft.complain({ErrorCode::refused,
                        fmt::format("cannot attach port '{}' to '{}': it is already a port of '{}'",
                                    membership.port.str(),
                                    membership.master->name.str(),
                                    master->name.str()),
                        fmt::format("describe '{}' as well, without this port", master->name.str())},
                       membership.path);
        return;
    }
    attach(draft, membership, port);
}

VlanMembership all_untagged(std::optional<VlanId> pvid)
{
    VlanMembership vlans{.pvid = pvid};
    if (pvid) {
        vlans.members.add(*pvid);
        vlans.untagged.add(*pvid);
    }
    return vlans;
}

/// What an option of a bridge will be: wished, told now, or the kernel's default.
std::uint64_t bridge_number(const Draft& draft, const DesiredInterface& wish, std::uint16_t type, std::uint64_t usual)
{
    const Link* link = draft.present(wish.name);
    const LinkOption* wished = find(wish.options, type);
    const LinkOption* told = link != nullptr ? find(link->options, type) : nullptr;
    const LinkOption* counts = wished != nullptr ? wished : told;
    return counts != nullptr ? option_number(*counts).value_or(usual) : usual;
}

std::optional<VlanId> default_pvid(const Draft& draft, const DesiredInterface& bridge)
{
    const auto pvid = static_cast<VlanId>(bridge_number(draft, bridge, IFLA_BR_VLAN_DEFAULT_PVID, first_vlan));
    return pvid != 0 ? std::optional{pvid} : std::nullopt;
}

/// The VLANs that links on top of a bridge take their packets from: the bridge must belong to them.
VlanSet vlans_above(const Draft& draft, const DesiredInterface& bridge)
{
    VlanSet vlans;
    const Link* link = draft.present(bridge.name);
    for (const Link* above : link != nullptr ? links_above(draft.network(), *link) : std::vector<const Link*>{}) {
        const LinkOption* id = find(above->options, IFLA_VLAN_ID);
        if (above->kind == "vlan" && id != nullptr && draft.present(above->name) != nullptr) {
            vlans.add(static_cast<VlanId>(option_number(*id).value_or(0)));
        }
    }
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        const LinkOption* id = find(wish.options, IFLA_VLAN_ID);
        if (wish.state == DesiredState::up && wish.kind == "vlan" && wish.lower == bridge.name && id != nullptr) {
            vlans.add(static_cast<VlanId>(option_number(*id).value_or(0)));
        }
    }
    vlans.remove(0);
    return vlans;
}

void plan_port(Draft& draft, const DesiredInterface& bridge, const DesiredPort& port)
{
    const Link* link = draft.present(port.name);
    const Link* master = link != nullptr ? draft.master_of(*link) : nullptr;
    const bool is_port = master != nullptr && master->name == bridge.name;
    LinkOptions options;
    for (const LinkOption& option : port.options) {
        const LinkOption* told = is_port ? find(link->port_options, option.type) : nullptr;
        if (told == nullptr || *told != option) {
            options.push_back(option);
        }
    }
    if (!options.empty()) {
        draft.add(SetPortOptions{port.name, std::move(options)}, port.path);
    }
    if (!port.vlans) {
        return;
    }
    const auto wanted = membership_of(*port.vlans, default_pvid(draft, bridge));
    const auto now = is_port ? link->vlans.value_or(VlanMembership{}) : all_untagged(default_pvid(draft, bridge));
    if (now != wanted) {
        draft.add(SetVlans{port.name, wanted}, port.path);
    }
}

/// The bridge's own VLANs, those that the host sees.
void plan_own_vlans(Draft& draft, const DesiredInterface& bridge)
{
    const Link* link = draft.present(bridge.name);
    const auto now =
        link != nullptr ? link->vlans.value_or(VlanMembership{}) : all_untagged(default_pvid(draft, bridge));
    auto wanted = bridge.own_vlans ? membership_of(*bridge.own_vlans, default_pvid(draft, bridge)) : now;
    for (const VlanRange& range : vlans_above(draft, bridge).ranges()) {
        wanted.members.add(range);
    }
    if (wanted != now) {
        draft.add(SetVlans{bridge.name, wanted}, bridge.path);
    }
}

/// Explicit, or because a port has VLANs of its own; absent: as it is.
std::optional<LinkOption> wanted_filtering(const DesiredInterface& bridge)
{
    if (const LinkOption* option = find(bridge.options, IFLA_BR_VLAN_FILTERING)) {
        return *option;
    }
    const auto ports = bridge.ports.value_or(std::vector<DesiredPort>{});
    const bool implied = std::ranges::any_of(ports, [](const DesiredPort& port) {
        return port.vlans && (port.vlans->native || !port.vlans->tagged.empty());
    });
    return implied ? std::optional{number_option(IFLA_BR_VLAN_FILTERING, 1, 1)} : std::nullopt;
}

void plan_bridge(Draft& draft, const DesiredInterface& bridge)
{
    const auto filtering = wanted_filtering(bridge);
    const Link* link = draft.present(bridge.name);
    const LinkOption* told = link != nullptr ? find(link->options, IFLA_BR_VLAN_FILTERING) : nullptr;
    const bool filters = filtering ? option_number(*filtering) == 1 : told != nullptr && option_number(*told) == 1;
    for (const DesiredPort& port : bridge.ports.value_or(std::vector<DesiredPort>{})) {
        plan_port(draft, bridge, port);
    }
    if (filters || bridge.own_vlans) {
        plan_own_vlans(draft, bridge);
    }
    const bool made_so = link == nullptr && find(bridge.options, IFLA_BR_VLAN_FILTERING) != nullptr;
    const auto now = told != nullptr ? option_number(*told) : std::optional<std::uint64_t>{0};
    if (filtering && !made_so && option_number(*filtering) != now) {
        draft.add(SetOptions{bridge.name, "bridge", {*filtering}}, bridge.path);
    }
}

}  // namespace

VlanMembership membership_of(const DesiredVlans& wanted, std::optional<VlanId> pvid)
{
    VlanMembership vlans = all_untagged(wanted.native ? wanted.native : pvid);
    for (const VlanRange& range : wanted.tagged.ranges()) {
        vlans.members.add(range);
        for (VlanId vlan = range.first; vlan <= range.last; ++vlan) {
            vlans.untagged.remove(vlan);
        }
    }
    return vlans;
}

void plan_masters(Draft& draft)
{
    const auto memberships = wished_memberships(draft);
    plan_detachments(draft);
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (wish.state == DesiredState::up) {
            plan_releases(draft, wish, memberships);
        }
    }
    for (const Membership& membership : memberships) {
        plan_membership(draft, membership);
    }
}

void plan_port_settings(Draft& draft)
{
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        const Link* link = draft.present(wish.name);
        const bool is_bridge = link != nullptr ? link->is_bridge() : wish.kind == "bridge";
        if (wish.state == DesiredState::up && is_bridge) {
            plan_bridge(draft, wish);
        }
    }
}

}  // namespace kvmkit::net
