// SPDX-License-Identifier: Apache-2.0
#include "net/planner/hand_wishes.hpp"

#include "net/planner/port_rules.hpp"
#include "net/planner/state_plan.hpp"

#include <linux/if_link.h>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr std::string_view links_are_listed = "'net-setup show' lists the links";

Error missing(const std::string& doing, const std::string& hint = std::string{links_are_listed})
{
    return {ErrorCode::not_found, fmt::format("cannot {}: it does not exist", doing), hint};
}

/// The bridge of that name, which must exist.
Result<const Link*> existing_bridge(const Network& network, const LinkName& name, std::string_view doing)
{
    const Link* bridge = find(network, name);
    if (bridge == nullptr) {
        return missing(fmt::format("{} bridge '{}'", doing, name.str()),
                       fmt::format("make it: net-setup bridge add {}", name.str()));
    }
    const auto checked = check_is_bridge(*bridge, doing);
    return checked ? bridge : Result<const Link*>{checked.error()};
}

bool filters_vlans(const Link& bridge)
{
    const LinkOption* option = find(bridge.options, IFLA_BR_VLAN_FILTERING);
    return option != nullptr && option_number(*option) == 1;
}

/// All that are there, and the wanted ones behind them.
std::vector<InterfaceAddress> joined(const Link* link, const std::vector<InterfaceAddress>& wanted, Family family)
{
    std::vector<InterfaceAddress> all;
    const auto take = [&](const std::vector<InterfaceAddress>& addresses) {
        for (const InterfaceAddress& address : addresses) {
            if (address.family() == family && std::ranges::find(all, address) == all.end()) {
                all.push_back(address);
            }
        }
    };
    if (link != nullptr) {
        take(link->addresses);
    }
    take(wanted);
    return all;
}

std::uint64_t vlan_id_of(const Link& link)
{
    const LinkOption* option = find(link.options, IFLA_VLAN_ID);
    return option != nullptr ? option_number(*option).value_or(0) : 0;
}

/// A link of that name that is no such VLAN.
Result<void> check_vlan_name(const Network& network, const VlanSpec& spec)
{
    const Link* link = find(network, spec.name);
    const Link* lower = link != nullptr ? find(network, link_below(*link)) : nullptr;
    if (link == nullptr ||
        (link->kind == "vlan" && lower != nullptr && lower->name == spec.lower && vlan_id_of(*link) == spec.id)) {
        return {};
    }
    const auto what = link->kind != "vlan"
                          ? fmt::format("it is a {}", kind_text(link->kind))
                          : fmt::format("it is there for VLAN {} on '{}'",
                                        vlan_id_of(*link),
                                        lower != nullptr ? lower->name.str() : std::string{"another link"});
    return Error{
        ErrorCode::refused,
        fmt::format("cannot add VLAN {} of '{}' as '{}': {}", spec.id, spec.lower.str(), spec.name.str(), what),
        "choose another name with --name; 'net-setup show' lists those in use"};
}

/// Frames of the VLAN would go to the new link, past the bridge that the port belongs to.
Result<void> check_no_filtered_port(const Network& network, const VlanSpec& spec)
{
    const Link* lower = find(network, spec.lower);
    const Link* bridge = lower != nullptr ? find(network, lower->master) : nullptr;
    if (bridge == nullptr || !bridge->is_bridge() || !filters_vlans(*bridge) || find(network, spec.name) != nullptr) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("cannot add VLAN {} to '{}': it is a port of '{}', which filters VLANs",
                             spec.id,
                             spec.lower.str(),
                             bridge->name.str()),
                 fmt::format("give it to the bridge: net-setup vlan add {} {}", bridge->name.str(), spec.id)};
}

/// The bridge that the link is a port of, or is itself; null: neither.
const Link* bridge_of(const Network& network, const LinkName& name)
{
    const Link* link = find(network, name);
    const Link* bridge = link == nullptr || link->is_bridge() ? link : find(network, link->master);
    return bridge != nullptr && bridge->is_bridge() ? bridge : nullptr;
}

/// A bridge as it is, to which one setting is added.
DesiredInterface kept(const Link& bridge)
{
    return {.name = bridge.name, .kind = "bridge", .keeps_switch = true};
}

std::vector<std::string> names_above(const Network& network, const Link& link)
{
    std::vector<std::string> names;
    for (const Link& above : network.links) {
        if (link_below(above) == link.index) {
            names.push_back(above.name.str());
        }
    }
    return names;
}

}  // namespace

Wishes wish_to_set(const Network& network, const BridgeSettings& settings)
{
    const auto bridge = existing_bridge(network, settings.bridge, "set");
    if (!bridge) {
        return bridge.error();
    }
    if (settings.mtu) {
        if (auto fits = check_bridge_mtu(settings.bridge, ports_of(network, **bridge), *settings.mtu); !fits) {
            return fits.error();
        }
    }
    DesiredInterface wish = kept(**bridge);
    wish.options = settings.options;
    wish.mtu = settings.mtu;
    wish.mac = settings.mac;
    return DesiredNetwork{.interfaces = {std::move(wish)}};
}

Wishes wish_to_attach(const Network& network, const LinkName& bridge, const std::vector<LinkName>& ports)
{
    const auto master = existing_bridge(network, bridge, "attach a port to");
    if (!master) {
        return master.error();
    }
    DesiredNetwork wanted{.interfaces = {{.name = bridge, .kind = "bridge"}}};
    for (const LinkName& name : ports) {
        const Link* port = find(network, name);
        if (port == nullptr) {
            return missing(fmt::format("attach port '{}' to '{}'", name.str(), bridge.str()));
        }
        if (auto fit = check_port(network, *port, bridge); !fit) {
            return fit.error();
        }
        if (std::ranges::find(wanted.interfaces, name, &DesiredInterface::name) == wanted.interfaces.end()) {
            wanted.interfaces.push_back({.name = name, .controller = bridge.str()});
        }
    }
    return wanted;
}

Wishes wish_to_release(const Network& network, const std::vector<LinkName>& ports)
{
    DesiredNetwork wanted;
    for (const LinkName& name : ports) {
        if (find(network, name) == nullptr) {
            return missing(fmt::format("release port '{}'", name.str()));
        }
        wanted.interfaces.push_back({.name = name, .keeps_switch = true, .controller = std::string{}});
    }
    return wanted;
}

Wishes wish_for_vlan(const Network& network, const VlanSpec& spec)
{
    const Link* lower = find(network, spec.lower);
    if (lower == nullptr) {
        return missing(fmt::format("add VLAN {} to link '{}'", spec.id, spec.lower.str()));
    }
    if (auto free = check_vlan_name(network, spec); !free) {
        return free.error();
    }
    if (auto heard = check_no_filtered_port(network, spec); !heard) {
        return heard.error();
    }
    DesiredInterface wish{
        .name = spec.name, .kind = "vlan", .mtu = spec.mtu, .lower = spec.lower, .options = spec.options};
    wish.options.insert(wish.options.begin(), number_option(IFLA_VLAN_ID, spec.id, sizeof(VlanId)));
    if (!spec.addresses.empty()) {
        const Link* link = find(network, spec.name);
        wish.ipv4.addresses = joined(link, spec.addresses, Family::ipv4);
        wish.ipv6.addresses = joined(link, spec.addresses, Family::ipv6);
    }
    DesiredNetwork wanted{.interfaces = {std::move(wish)}};
    if (lower->is_bridge()) {
        wanted.interfaces.push_back(kept(*lower));  // It must itself belong to the VLAN.
    }
    return wanted;
}

Wishes wish_without_vlan(const Network& network, const LinkName& name)
{
    const Link* link = find(network, name);
    if (link == nullptr) {
        return DesiredNetwork{};
    }
    const auto refuse = [&name](const std::string& cause, std::string hint) {
        return Error{
            ErrorCode::refused, fmt::format("cannot delete VLAN '{}': {}", name.str(), cause), std::move(hint)};
    };
    if (link->kind != "vlan") {
        return refuse(fmt::format("it is a {}, no VLAN", kind_text(link->kind)), std::string{links_are_listed});
    }
    if (!link->routes.empty()) {
        return refuse(fmt::format("routes lead through it ({})", fmt::join(link->routes, ", ")),
                      "it may carry the connection that you work through; remove the routes first");
    }
    if (const auto above = names_above(network, *link); !above.empty()) {
        return refuse(fmt::format("other links stand on it ({})", fmt::join(above, ", ")), "delete those first");
    }
    return DesiredNetwork{.interfaces = {{.name = name, .kind = "vlan", .state = DesiredState::absent}}};
}

const Link* bridge_without_filter(const Network& network, const LinkName& name)
{
    const Link* bridge = bridge_of(network, name);
    return bridge != nullptr && !filters_vlans(*bridge) ? bridge : nullptr;
}

Wishes wish_for_vlans(const Network& network, const LinkName& name, const DesiredVlans& vlans)
{
    if (find(network, name) == nullptr) {
        return missing(fmt::format("set the VLANs of '{}'", name.str()));
    }
    const Link* bridge = bridge_of(network, name);
    if (bridge == nullptr) {
        return Error{ErrorCode::refused,
                     fmt::format("cannot set the VLANs of '{}': it is neither a bridge nor a port of one", name.str()),
                     fmt::format("make it a port: net-setup port add BRIDGE {}", name.str())};
    }
    DesiredInterface wish = kept(*bridge);
    wish.options = {number_option(IFLA_BR_VLAN_FILTERING, filters_vlans(*bridge) ? 1 : 0, 1)};
    if (bridge->name == name) {
        wish.own_vlans = vlans;
    } else {
        for (const Link* port : ports_of(network, *bridge)) {
            wish.ports = wish.ports.value_or(std::vector<DesiredPort>{});
            wish.ports->push_back(
                {.name = port->name, .vlans = port->name == name ? std::optional{vlans} : std::nullopt});
        }
    }
    return DesiredNetwork{.interfaces = {std::move(wish)}};
}

Result<Plan> plan_wishes(const Network& network, const Wishes& wishes, const Birthmark& birthmark)
{
    if (!wishes) {
        return wishes.error();
    }
    auto drafted = plan_state(network, *wishes, birthmark);
    return drafted.complaint ? Result<Plan>{std::move(drafted.complaint->error)} : std::move(drafted.plan);
}

}  // namespace kvmkit::net
