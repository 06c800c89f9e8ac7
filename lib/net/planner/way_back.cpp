// SPDX-License-Identifier: Apache-2.0
#include "net/planner/way_back.hpp"

#include "net/planner/outlook.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr unsigned deepest = 8;

bool filters_vlans(const Link& bridge)
{
    const LinkOption* option = find(bridge.options, IFLA_BR_VLAN_FILTERING);
    return option != nullptr && option_number(*option) == 1;
}

/// Whether frames can leave the host from a link. `vlan`: their tag; 0: none. Taps lead to VMs, and not out.
class WayOut {
public:
    explicit WayOut(const Network& network) : network_(network) {}

    [[nodiscard]] bool from(const Link& link, VlanId vlan = 0, unsigned depth = 0) const
    {
        if (!link.up || link.is_tap() || depth > deepest) {
            return false;
        }
        if (link.kind == "vlan") {
            const Link* lower = find(network_, link_below(link));
            const LinkOption* id = find(link.options, IFLA_VLAN_ID);
            const auto tag = id != nullptr ? option_number(*id).value_or(0) : 0;
            return lower == nullptr || from(*lower, static_cast<VlanId>(tag), depth + 1);
        }
        if (!link.is_bridge() && link.kind != "bond") {
            return true;
        }
        const auto ports = ports_of(network_, link);
        return std::ranges::any_of(ports, [&](const Link* port) { return through(link, *port, vlan, depth); });
    }

private:
    [[nodiscard]] bool through(const Link& master, const Link& port, VlanId vlan, unsigned depth) const
    {
        if (!master.is_bridge() || !filters_vlans(master) || !master.vlans || !port.vlans) {
            return from(port, 0, depth + 1);
        }
        const VlanId inside = vlan != 0 ? vlan : master.vlans->pvid.value_or(0);
        return inside != 0 && master.vlans->members.has(inside) && port.vlans->members.has(inside) &&
               from(port, 0, depth + 1);
    }

    const Network& network_;
};

/// A link that the host itself can use: one that is a port of nothing.
bool is_usable(const Network& network, const Link& link)
{
    return link.up && link.master == 0 && WayOut{network}.from(link);
}

bool leads_to(const Network& network, const Route& route, const IpAddress& peer)
{
    const Link* link = find(network, route.link);
    return link != nullptr && route.type == RTN_UNICAST && route.destination.contains(peer) &&
           is_usable(network, *link);
}

bool has_route_to(const Network& network, const IpAddress& peer)
{
    const bool near = std::ranges::any_of(network.links, [&](const Link& link) {
        const bool in_network = std::ranges::any_of(
            link.addresses, [&](const InterfaceAddress& address) { return Prefix{address}.contains(peer); });
        return in_network && is_usable(network, link);
    });
    return near ||
           std::ranges::any_of(network.routes, [&](const Route& route) { return leads_to(network, route, peer); });
}

bool has_address(const Network& network, const IpAddress& wanted)
{
    return std::ranges::any_of(network.links, [&](const Link& link) {
        return link.up && link.master == 0 &&
               std::ranges::any_of(link.addresses, [&wanted](const InterfaceAddress& address) {
                   return address.family() == wanted.family() && address.bytes() == wanted.bytes();
               });
    });
}

bool has_default_route(const Network& network)
{
    return std::ranges::any_of(network.routes, [&network](const Route& route) {
        const Link* link = find(network, route.link);
        return link != nullptr && route.destination.length() == 0 && route.table == RT_TABLE_MAIN &&
               route.type == RTN_UNICAST && is_usable(network, *link);
    });
}

/// Whether the host talks through a link: routes lead through it, or it has an address by which others reach it.
bool is_way_out(const Network& network, const Link& link)
{
    const bool has_address = !std::ranges::all_of(link.addresses, &InterfaceAddress::is_ipv6_link_local);
    return !link.routes.empty() || (has_address && !link.loopback && is_usable(network, link));
}

/// The numbers of the links that the host talks through, and of those that these stand on.
std::set<int> ways_out(const Network& network)
{
    std::set<int> ways;
    std::vector<int> next;
    const auto add = [&ways, &next](int index) {
        if (index != 0 && ways.insert(index).second) {
            next.push_back(index);
        }
    };
    for (const Link& link : network.links) {
        if (is_way_out(network, link)) {
            add(link.index);
        }
    }
    while (!next.empty()) {
        const Link* link = find(network, next.back());
        next.pop_back();
        if (link == nullptr) {
            continue;
        }
        add(link->kind != "veth" ? link_below(*link) : 0);
        for (const Link* port : ports_of(network, *link)) {
            add(port->index);
        }
    }
    return ways;
}

/// The links that a step changes: of a route with several ways, those of all; where a port comes, its bridge or bond.
std::vector<const LinkName*> changed_by(const Action& action)
{
    const auto* const add = std::get_if<AddRoute>(&action);
    const auto* const remove = std::get_if<RemoveRoute>(&action);
    std::vector<const LinkName*> names{subject(action)};
    if (add != nullptr || remove != nullptr) {
        for (const RouteWay& way : add != nullptr ? add->route.ways : remove->route.ways) {
            names.push_back(&way.link);
        }
    }
    if (const auto* attach = std::get_if<Attach>(&action)) {
        names.push_back(&attach->bridge);
    }
    std::erase(names, nullptr);
    return names;
}

}  // namespace

std::optional<Operator> read_operator(std::string_view ssh_connection)
{
    std::vector<std::string_view> words;
    while (!ssh_connection.empty()) {
        const auto end = std::min(ssh_connection.find(' '), ssh_connection.size());
        words.push_back(ssh_connection.substr(0, end));
        ssh_connection.remove_prefix(std::min(end + 1, ssh_connection.size()));
    }
    constexpr std::size_t count = 4;
    if (words.size() != count) {
        return std::nullopt;
    }
    const auto address = [](std::string_view word) {
        return IpAddress::parse(word.substr(0, word.find('%')));  // of a link-local one, the link is named
    };
    const auto peer = address(words[0]);
    const auto local = address(words[2]);
    return peer && local ? std::optional{Operator{*peer, *local}} : std::nullopt;
}

bool sits_here(const Network& network, const std::optional<Operator>& who)
{
    return who && has_address(network, who->local);
}

std::optional<std::string> lost_way(const Network& network, const Plan& plan, const std::optional<Operator>& who)
{
    if (plan.empty()) {
        return std::nullopt;
    }
    const Network after = outlook(network, plan);
    if (!sits_here(network, who)) {
        return has_default_route(network) && !has_default_route(after) ? std::optional<std::string>{"no default route"}
                                                                       : std::nullopt;
    }
    if (!has_address(after, who->local)) {
        return fmt::format("no address {}, to which your ssh session talks", who->local.str());
    }
    return has_route_to(network, who->peer) && !has_route_to(after, who->peer)
               ? std::optional{fmt::format("no route to {}, from where your ssh session comes", who->peer.str())}
               : std::nullopt;
}

bool touches_way_out(const Network& network, const Plan& plan)
{
    const auto ways = ways_out(network);
    const auto leads_out = [&network, &ways](const LinkName* name) {
        const Link* link = find(network, *name);
        return link != nullptr && ways.contains(link->index);
    };
    return !ways.empty() && std::ranges::any_of(plan, [&leads_out](const Step& step) {
        return std::ranges::any_of(changed_by(step.action), leads_out);
    });
}

}  // namespace kvmkit::net
