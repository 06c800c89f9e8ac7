// SPDX-License-Identifier: Apache-2.0
#include "net/planner/inverse.hpp"

#include "net/model/overloaded.hpp"
#include "net/netlink/link_kinds.hpp"

#include <linux/if_link.h>

#include <algorithm>
#include <vector>

namespace kvmkit::net {
namespace {

using Inverse = std::optional<Step>;

/// Of the options that are told now, those that a change names.
LinkOptions before(const LinkOptions& now, const LinkOptions& changed)
{
    LinkOptions options;
    for (const LinkOption& option : changed) {
        if (const LinkOption* old = find(now, option.type)) {
            options.push_back(*old);
        }
    }
    return options;
}

bool same_network(const InterfaceAddress& one, const InterfaceAddress& other)
{
    return one.family() == Family::ipv4 && one.prefix() == other.prefix() && Prefix{one} == Prefix{other};
}

/// All ways of the route that this one belongs to.
std::vector<RouteWay> ways_of(const Network& network, const Route& route)
{
    std::vector<RouteWay> ways;
    for (const Route& way : network.routes) {
        const Link* link = find(network, way.link);
        if (link != nullptr && way.shared && way.destination == route.destination && way.metric == route.metric &&
            way.table == route.table && way.type == route.type) {
            ways.push_back({link->name, way.gateway, way.weight, way.onlink});
        }
    }
    return ways;
}

/// In whatever order; whether a gateway is on the link says nothing of where packets go.
bool same_ways(const std::vector<RouteWay>& some, const std::vector<RouteWay>& others)
{
    return some.size() == others.size() && std::ranges::all_of(some, [&others](const RouteWay& one) {
               return std::ranges::any_of(others, [&one](const RouteWay& other) {
                   return one.link == other.link && one.gateway == other.gateway && one.weight == other.weight;
               });
           });
}

class Inverter {
public:
    explicit Inverter(const Network& network) : network_(network) {}

    Inverse operator()(const CreateLink& s) const { return Step{DeleteLink{s.name, s.kind}, Guard{.mark = s.mark}}; }
    Inverse operator()(const DeleteLink& s) const
    {
        const Link* link = find(network_, s.name);
        return link != nullptr ? Inverse{Step{again(*link), Guard{}}} : std::nullopt;
    }
    Inverse operator()(const Attach& s) const
    {
        const Link* master = find(network_, s.bridge);
        return Step{Release{s.port, s.bridge, master != nullptr ? mac_without_ports(network_, *master) : std::nullopt},
                    this_very(s.port)};
    }
    Inverse operator()(const Release& s) const
    {
        const Link* port = find(network_, s.port);
        Attach again{s.port, s.bridge};
        if (port != nullptr) {
            again.options = to_give_back_to_port(port->port_options);
            again.vlans = port->vlans;
            const Link* master = find(network_, port->master);
            again.master_mac = master != nullptr && master->kind == "bond" ? master->mac : std::nullopt;
        }
        return Step{std::move(again), this_very(s.port)};
    }
    Inverse operator()(const SwitchUp& s) const
    {
        const Link* link = find(network_, s.name);
        if (link == nullptr || (link->up && !s.group)) {
            return std::nullopt;
        }
        Guard guard = this_very(s.name);
        if (const Link* master = find(network_, link->master)) {
            guard.master = master->name;
        }
        const auto group = s.group ? std::optional{link->group} : std::nullopt;
        return Step{SwitchDown{s.name, group}, std::move(guard)};
    }
    Inverse operator()(const SwitchDown& s) const
    {
        const Link* link = find(network_, s.name);
        const auto group = s.group && link != nullptr ? std::optional{link->group} : std::nullopt;
        return Step{SwitchUp{s.name, group}, Guard{}};
    }
    Inverse operator()(const SetMtu& s) const
    {
        const Link* link = find(network_, s.name);
        // Of one that is yet to be made nobody knows it, nor needs to.
        return link != nullptr && link->mtu != 0 ? Inverse{Step{SetMtu{s.name, link->mtu}, this_very(s.name)}}
                                                 : std::nullopt;
    }
    Inverse operator()(const SetMac& s) const
    {
        return of(s.name, [&s](const Link& link) { return SetMac{s.name, link.mac.value_or(s.mac)}; });
    }
    Inverse operator()(const SetGroup& s) const
    {
        return of(s.name, [&s](const Link& link) { return SetGroup{s.name, link.group}; });
    }
    Inverse operator()(const SetOptions& s) const
    {
        return giving_back(s.name, s.options, [&s](const Link& link) {
            SetOptions back{s.name, s.kind, before(link.options, s.options)};
            // A spanning tree that begins raises a forward delay below 2 s by itself.
            const LinkOption* delay = find(link.options, IFLA_BR_FORWARD_DELAY);
            if (s.kind == "bridge" && delay != nullptr && find(back.options, IFLA_BR_STP_STATE) != nullptr &&
                find(back.options, IFLA_BR_FORWARD_DELAY) == nullptr) {
                back.options.push_back(*delay);
            }
            return back;
        });
    }
    Inverse operator()(const SetPortOptions& s) const
    {
        return giving_back(s.name, s.options, [&s](const Link& link) {
            return SetPortOptions{s.name, before(link.port_options, s.options)};
        });
    }
    Inverse operator()(const SetVlans& s) const
    {
        return of(s.name, [&s](const Link& link) { return SetVlans{s.name, link.vlans.value_or(VlanMembership{})}; });
    }
    Inverse operator()(const SetIpv6& s) const
    {
        return of(s.name, [&s](const Link& link) {
            return SetIpv6{s.name, s.what, s.what == Ipv6Switch::enabled ? link.ipv6 : link.autoconf};
        });
    }
    Inverse operator()(const AddAddress& s) const
    {
        const Link* link = find(network_, s.name);
        const bool there = link != nullptr && has_address(*link, s.address);
        return there ? std::nullopt : Inverse{Step{RemoveAddress{s.name, s.address}, this_very(s.name)}};
    }
    Inverse operator()(const RemoveAddress& s) const
    {
        const Link* link = find(network_, s.name);
        AddAddress again{s.name, s.address};
        if (link != nullptr) {
            again.extras = extras_of(*link, s.address);
            const auto there = std::ranges::find(link->addresses, s.address);
            for (auto later = there; later != link->addresses.end(); ++later) {
                if (later != there && same_network(*later, s.address)) {
                    again.ahead_of.push_back(*later);
                }
            }
        }
        return Step{std::move(again), Guard{}};
    }
    Inverse operator()(const AddRoute& s) const
    {
        const Guard guard = s.route.link ? this_very(*s.route.link) : Guard{};
        return has_route(network_, s.route) ? std::nullopt : Inverse{Step{RemoveRoute{s.route}, guard}};
    }
    /// The kernel's own route to the gateway may be gone when this one comes back, but for that to a cable's other end.
    Inverse operator()(const RemoveRoute& s) const
    {
        RouteEntry again = s.route;
        const Link* link = again.link ? find(network_, *again.link) : nullptr;
        again.onlink = again.onlink || (again.gateway && link != nullptr && is_beyond(*again.gateway, *link) &&
                                        !is_other_end(*again.gateway, *link));
        return Step{AddRoute{std::move(again)}, Guard{}};
    }
    Inverse operator()(const SetResolver& s) const { return Step{SetResolver{s.after, s.before}, Guard{}}; }
    Inverse operator()(const SetManaged& s) const { return Step{SetManaged{s.name, !s.managed}}; }
    Inverse operator()(const Handover& /*asks the kernel for more, see LinkDomain::inverse()*/) const
    {
        return std::nullopt;
    }

private:
    [[nodiscard]] Guard this_very(const LinkName& name) const
    {
        const Link* link = find(network_, name);
        return Guard{.index = link != nullptr ? link->index : 0};
    }

    template <class Make>
    Inverse of(const LinkName& name, Make make) const
    {
        const Link* link = find(network_, name);
        return link != nullptr ? Inverse{Step{make(*link), this_very(name)}} : std::nullopt;
    }

    /// None of a link that does not tell the old ones: it is made, or becomes a port, in the same change.
    template <class Make>
    Inverse giving_back(const LinkName& name, const LinkOptions& changed, Make make) const
    {
        auto inverse = of(name, make);
        const bool none = inverse && !changed.empty() &&
                          std::visit(Overloaded{[](const SetOptions& s) { return s.options.empty(); },
                                                [](const SetPortOptions& s) { return s.options.empty(); },
                                                [](const auto&) { return false; }},
                                     inverse->action);
        return none ? std::nullopt : inverse;
    }

    /// The link as it would be made again.
    [[nodiscard]] CreateLink again(const Link& link) const
    {
        CreateLink create{.name = link.name,
                          .kind = link.kind,
                          .mac = link.mac,
                          .mark = link.group,
                          .mtu = link.mtu,
                          .index = link.index,  // other steps that are undone know it by that
                          .options = to_give_back(link.kind, link.options),
                          .vlans = link.is_bridge() ? link.vlans : std::nullopt};
        const int number = link.kind == "veth" ? link.lower : link_below(link);
        const Link* other = number != 0 ? find(network_, number) : nullptr;
        if (other != nullptr && link.kind == "veth") {
            create.peer = other->name;
            create.peer_mac = other->mac;
            create.peer_index = other->index;
        } else if (other != nullptr) {
            create.lower = other->name;
        }
        return create;
    }

    const Network& network_;
};

}  // namespace

std::optional<Step> inverse_of(const Action& action, const Network& network)
{
    return std::visit(Inverter{network}, action);
}

bool has_address(const Link& link, const InterfaceAddress& address)
{
    return std::ranges::find(link.addresses, address) != link.addresses.end();
}

bool has_route(const Network& network, const RouteEntry& route)
{
    return std::ranges::any_of(network.routes, [&](const Route& there) {
        if (!route.ways.empty()) {
            return there.shared && there.destination == route.destination && there.metric == route.metric &&
                   there.table == route.table && same_ways(ways_of(network, there), route.ways);
        }
        const Link* link = there.link != 0 ? find(network, there.link) : nullptr;
        const bool same_link = route.link ? link != nullptr && link->name == *route.link : there.link == 0;
        return same_link && !there.shared && there.destination == route.destination && there.metric == route.metric &&
               there.table == route.table && there.gateway == route.gateway && there.type == route.type;
    });
}

}  // namespace kvmkit::net
