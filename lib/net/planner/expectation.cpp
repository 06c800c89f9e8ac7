// SPDX-License-Identifier: Apache-2.0
#include "net/planner/expectation.hpp"

#include "net/planner/inverse.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>

namespace kvmkit::net {
namespace {

/// Between the links that are there and those that this program makes, for what others make at the same time.
constexpr int gap = 64;

/// What a deleted link becomes, so that the places of the others stay.
constexpr int nowhere = -1;

}  // namespace

/// Does to the links what the kernel would, as far as that can be known.
class Expectation::Kernel {
public:
    explicit Kernel(Network& network) : network_(network) {}

    bool operator()(const CreateLink& s)
    {
        if (s.index == 0 || (s.peer && s.peer_index == 0)) {
            return false;
        }
        const Link* lower = s.lower ? find(network_, *s.lower) : nullptr;
        Link link = fresh(s);
        link.options = s.options;
        if (lower != nullptr && s.kind == "vxlan") {
            link.options.push_back(number_option(IFLA_VXLAN_LINK, static_cast<std::uint64_t>(lower->index), 4));
        } else if (lower != nullptr) {
            link.lower = lower->index;
            link.mac = s.mac ? s.mac : lower->mac;
        }
        if (link.is_bridge()) {
            link.vlans = s.vlans ? s.vlans : vlans_of_new_port(link);
        }
        if (s.peer) {
            Link peer = fresh(s);
            peer.name = *s.peer;
            peer.index = s.peer_index;
            peer.mac = s.peer_mac;
            peer.lower = link.index;
            link.lower = peer.index;
            add(std::move(peer));
        }
        add(std::move(link));
        return true;
    }
    bool operator()(const DeleteLink& s)
    {
        Link* link = at(s.name);
        if (link == nullptr) {
            return true;
        }
        Link* peer = link->kind == "veth" ? at(link->lower) : nullptr;
        remove(*link);
        if (peer != nullptr) {
            remove(*peer);
        }
        return true;
    }
    bool operator()(const Attach& s) { return attach(s); }
    bool operator()(const Release& s)
    {
        const Link* master = find(network_, s.bridge);
        return release(s.port) && master != nullptr && master->is_bridge();
    }
    bool operator()(const SwitchUp& s)
    {
        return on(s.name, [&s](Link& link) {
            link.up = true;
            link.group = s.group.value_or(link.group);
        });
    }
    bool operator()(const SwitchDown& s)
    {
        return on(s.name, [&s](Link& link) {
            link.up = false;
            link.running = false;
            link.group = s.group.value_or(link.group);
        });
    }
    bool operator()(const SetMtu& s)
    {
        return on(s.name, [&s](Link& link) { link.mtu = s.mtu; });
    }
    bool operator()(const SetMac& s)
    {
        return on(s.name, [&s](Link& link) { link.mac = s.mac; });
    }
    bool operator()(const SetGroup& s)
    {
        return on(s.name, [&s](Link& link) { link.group = s.group; });
    }
    bool operator()(const SetOptions& s)
    {
        // A bond's options hang together, and a new default VLAN is that of all ports.
        const bool of_ports = s.kind == "bridge" && find(s.options, IFLA_BR_VLAN_DEFAULT_PVID) != nullptr;
        return on(s.name, [&s](Link& link) { replace(link.options, s.options); }) && s.kind != "bond" && !of_ports;
    }
    bool operator()(const SetPortOptions& s)
    {
        return on(s.name, [&s](Link& link) { replace(link.port_options, s.options); });
    }
    bool operator()(const SetVlans& s)
    {
        return on(s.name, [&s](Link& link) { link.vlans = s.vlans; });
    }
    bool operator()(const SetIpv6& s)
    {
        return on(s.name, [this, &s](Link& link) {
            (s.what == Ipv6Switch::enabled ? link.ipv6 : link.autoconf) = s.on;
            if (!s.on && s.what == Ipv6Switch::enabled) {
                std::erase_if(link.addresses, [](const auto& address) { return address.family() == Family::ipv6; });
                std::erase_if(network_.routes, [&link](const Route& route) {
                    return route.link == link.index && route.destination.family() == Family::ipv6;
                });
            }
        });
    }
    bool operator()(const AddAddress& s)
    {
        return on(s.name, [&s](Link& link) {
            if (!has_address(link, s.address)) {
                link.addresses.push_back(s.address);
            }
            for (const InterfaceAddress& later : s.ahead_of) {
                if (std::erase(link.addresses, later) != 0) {
                    link.addresses.push_back(later);
                }
            }
        });
    }
    bool operator()(const RemoveAddress& s)
    {
        return on(s.name, [&s](Link& link) {
            std::erase(link.addresses, s.address);
            std::erase(link.leased, s.address);
        });
    }
    bool operator()(const AddRoute& s)
    {
        const Link* link = s.route.link ? find(network_, *s.route.link) : nullptr;
        if (s.route.link && link == nullptr) {
            return false;
        }
        const Route route = route_of(s.route, link);
        if (s.route.ways.empty()) {
            network_.routes.push_back(route);
        }
        return std::ranges::all_of(s.route.ways, [&](const RouteWay& way) { return add_way(route, way); });
    }
    bool operator()(const RemoveRoute& s)
    {
        const Link* link = s.route.link ? find(network_, *s.route.link) : nullptr;
        const Route gone = route_of(s.route, link);
        const bool whole = !s.route.ways.empty();
        std::erase_if(network_.routes, [&gone, whole](const Route& route) {
            const bool this_way =
                route.shared == whole && (whole || (route.link == gone.link && route.gateway == gone.gateway));
            return this_way && route.destination == gone.destination && route.metric == gone.metric &&
                   route.table == gone.table && route.type == gone.type;
        });
        return true;
    }
    bool operator()(const SetResolver& /*a file, and nothing of the network*/) { return true; }
    bool operator()(const SetManaged& /*nothing of the network*/) { return true; }
    bool operator()(const Handover& s)
    {
        const bool there = s.direction == Direction::to_bridge;
        Link* giver = at(there ? s.port : s.bridge);
        Link* taker = at(there ? s.bridge : s.port);
        if (giver != nullptr && taker != nullptr) {
            hand_over(*giver, *taker, there ? std::vector<InterfaceAddress>{} : s.stays);
            (void)(there ? attach({s.port, s.bridge}) : release(s.port));
        }
        return false;  // the kernel is asked for much that is not known here
    }

private:
    void hand_over(Link& giver, Link& taker, const std::vector<InterfaceAddress>& staying)
    {
        const auto goes = [&staying](const InterfaceAddress& address) {
            return std::ranges::find(staying, address) == staying.end();
        };
        std::ranges::copy_if(giver.addresses, std::back_inserter(taker.addresses), goes);
        std::ranges::copy_if(giver.leased, std::back_inserter(taker.leased), goes);
        std::erase_if(giver.addresses, goes);
        std::erase_if(giver.leased, goes);
        taker.autoconf = giver.autoconf;
        taker.up = true;
        for (Route& route : network_.routes) {
            route.link = route.link == giver.index ? taker.index : route.link;
        }
    }

    /// false: a bond, which makes of its port and itself what its mode says.
    bool attach(const Attach& s)
    {
        Link* port = at(s.port);
        const Link* master = find(network_, s.bridge);
        if (port == nullptr || master == nullptr) {
            return false;
        }
        port->master = master->index;
        port->port_options = s.options;
        port->vlans = s.vlans               ? s.vlans
                      : master->is_bridge() ? std::optional{vlans_of_new_port(*master)}
                                            : std::nullopt;
        return master->is_bridge();
    }

    bool release(const LinkName& name)
    {
        return on(name, [](Link& port) {
            port.master = 0;
            port.port_options.clear();
            port.vlans.reset();
        });
    }

    static Link fresh(const CreateLink& s)
    {
        return {.name = s.name,
                .index = s.index,
                .kind = s.kind,
                .mac = s.mac,
                .mtu = s.mtu.value_or(0),
                .ethernet = true,
                .group = s.mark};
    }

    static Route route_of(const RouteEntry& entry, const Link* link)
    {
        return {.destination = entry.destination,
                .link = link != nullptr ? link->index : 0,
                .gateway = entry.gateway,
                .source = entry.source,
                .metric = entry.metric,
                .table = entry.table,
                .protocol = entry.protocol,
                .scope = entry.scope,
                .type = entry.type,
                .onlink = entry.onlink};
    }

    bool add_way(Route route, const RouteWay& way)
    {
        const Link* link = find(network_, way.link);
        if (link == nullptr) {
            return false;
        }
        route.link = link->index;
        route.gateway = way.gateway;
        route.weight = way.weight;
        route.onlink = way.onlink;
        route.shared = true;
        network_.routes.push_back(route);
        return true;
    }

    static void replace(LinkOptions& options, const LinkOptions& changed)
    {
        for (const LinkOption& option : changed) {
            std::erase_if(options, [&option](const LinkOption& old) { return old.type == option.type; });
            options.push_back(option);
        }
    }

    template <class Key>
    Link* at(const Key& key)
    {
        const Link* link = find(network_, key);
        return link != nullptr ? &network_.links[static_cast<std::size_t>(link - network_.links.data())] : nullptr;
    }

    template <class Change>
    bool on(const LinkName& name, Change change)
    {
        Link* link = at(name);
        if (link != nullptr) {
            change(*link);
        }
        return link != nullptr;
    }

    void add(Link link)
    {
        network_.links.push_back(std::move(link));
        network_.map.add_last(network_.links);
    }

    void remove(Link& link)
    {
        std::erase_if(network_.routes, [&link](const Route& route) { return route.link == link.index; });
        if (link.is_bridge() || link.kind == "bond") {
            for (Link& port : network_.links) {
                port.master = port.master == link.index ? 0 : port.master;
            }
        }
        network_.map.forget(link);
        link = Link{.index = nowhere};
    }

    Network& network_;
};

Expectation::Expectation(Network network) : network_(std::move(network))
{
    network_.map = LinkMap{network_.links};
    for (const Link& link : network_.links) {
        next_index_ = std::max(next_index_, link.index);
    }
    next_index_ += gap;
}

Action Expectation::numbered(Action action)
{
    if (auto* create = std::get_if<CreateLink>(&action)) {
        create->index = create->index != 0 ? create->index : next_index_++;
        create->peer_index = create->peer && create->peer_index == 0 ? next_index_++ : create->peer_index;
    }
    return action;
}

bool Expectation::make(const Action& action)
{
    return std::visit(Kernel{network_}, action);
}

Network Expectation::take()
{
    std::erase_if(network_.links, [](const Link& link) { return link.index == nowhere; });
    std::ranges::sort(network_.links, {}, &Link::index);
    network_.map = LinkMap{network_.links};
    return std::move(network_);
}

}  // namespace kvmkit::net
