// SPDX-License-Identifier: Apache-2.0
#include "net/planner/outlook.hpp"

#include "net/model/overloaded.hpp"
#include "net/planner/inverse.hpp"

#include <algorithm>

namespace kvmkit::net {
namespace {

constexpr int first_new_index = 1 << 30;
constexpr unsigned usual_mtu = 1500;

void put(LinkOptions& options, const LinkOptions& changed)
{
    for (const LinkOption& option : changed) {
        const auto old = std::ranges::find(options, option.type, &LinkOption::type);
        if (old == options.end()) {
            options.push_back(option);
        } else {
            *old = option;
        }
    }
}

/// Makes each action on a network that is only in memory.
class Seer {
public:
    explicit Seer(Network network) : network_(std::move(network)) {}

    void operator()(const CreateLink& s)
    {
        Link link{.name = s.name,
                  .index = next_index_++,
                  .kind = s.kind,
                  .mac = s.mac,
                  .mtu = s.mtu.value_or(usual_mtu),
                  .ethernet = true};
        link.options = s.options;
        link.vlans = s.vlans;
        if (const Link* lower = s.lower ? at(*s.lower) : nullptr) {
            link.lower = lower->index;
            link.mtu = s.mtu.value_or(lower->mtu);
            link.mac = s.mac ? s.mac : lower->mac;
        }
        if (s.peer) {
            Link peer{.name = *s.peer, .index = next_index_++, .kind = s.kind, .mac = s.peer_mac, .mtu = link.mtu};
            peer.ethernet = true;
            peer.lower = link.index;
            link.lower = peer.index;
            network_.links.push_back(std::move(peer));
        }
        network_.links.push_back(std::move(link));
    }
    void operator()(const DeleteLink& s)
    {
        const Link* link = at(s.name);
        if (link == nullptr) {
            return;
        }
        const int index = link->index;
        std::erase_if(network_.links, [index](const Link& one) { return one.index == index; });
        std::erase_if(network_.routes, [index](const Route& one) { return one.link == index; });
        for (Link& port : network_.links) {
            port.master = port.master == index ? 0 : port.master;
        }
    }
    void operator()(const Attach& s) { attach(s.port, s.bridge, s.options, s.vlans); }
    void operator()(const Release& s) { release(s.port); }
    void operator()(const SwitchUp& s)
    {
        with(s.name, [](Link& link) { link.up = true; });
    }
    void operator()(const SwitchDown& s)
    {
        with(s.name, [](Link& link) { link.up = false; });
    }
    void operator()(const SetMtu& s)
    {
        with(s.name, [&s](Link& link) { link.mtu = s.mtu; });
    }
    void operator()(const SetMac& s)
    {
        with(s.name, [&s](Link& link) { link.mac = s.mac; });
    }
    void operator()(const SetGroup& /*no file speaks of it*/) {}
    void operator()(const SetOptions& s)
    {
        with(s.name, [&s](Link& link) { put(link.options, s.options); });
    }
    void operator()(const SetPortOptions& s)
    {
        with(s.name, [&s](Link& link) { put(link.port_options, s.options); });
    }
    void operator()(const SetVlans& s)
    {
        with(s.name, [&s](Link& link) { link.vlans = s.vlans; });
    }
    void operator()(const SetIpv6& s)
    {
        with(s.name, [&](Link& link) {
            (s.what == Ipv6Switch::enabled ? link.ipv6 : link.autoconf) = s.on;
            if (s.what == Ipv6Switch::enabled && !s.on) {
                std::erase_if(link.addresses, [](const auto& address) { return address.family() == Family::ipv6; });
                std::erase_if(network_.routes, [&link](const Route& route) {
                    return route.link == link.index && route.destination.family() == Family::ipv6;
                });
            }
        });
    }
    void operator()(const AddAddress& s)
    {
        with(s.name, [&s](Link& link) {
            if (!has_address(link, s.address)) {
                link.addresses.push_back(s.address);
            }
        });
    }
    void operator()(const RemoveAddress& s)
    {
        with(s.name, [&s](Link& link) {
            std::erase(link.addresses, s.address);
            std::erase(link.leased, s.address);
        });
    }
    void operator()(const AddRoute& s)
    {
        Route route{.destination = s.route.destination,
                    .link = index_of(s.route.link),
                    .gateway = s.route.gateway,
                    .source = s.route.source,
                    .metric = s.route.metric,
                    .table = s.route.table,
                    .protocol = s.route.protocol,
                    .scope = s.route.scope,
                    .type = s.route.type,
                    .shared = !s.route.ways.empty()};
        if (!route.shared) {
            network_.routes.push_back(route);
        }
        for (const RouteWay& way : s.route.ways) {
            route.link = index_of(way.link);
            route.gateway = way.gateway;
            route.weight = way.weight;
            route.onlink = way.onlink;
            network_.routes.push_back(route);
        }
    }
    void operator()(const RemoveRoute& s)
    {
        const bool whole = !s.route.ways.empty();
        const int index = index_of(s.route.link);
        std::erase_if(network_.routes, [&](const Route& one) {
            const bool this_way = one.shared == whole &&
                                  (whole || (one.gateway == s.route.gateway && (!s.route.link || one.link == index)));
            return this_way && one.destination == s.route.destination && one.table == s.route.table &&
                   one.metric == s.route.metric;
        });
    }
    void operator()(const Handover& s)
    {
        const bool there = s.direction == Direction::to_bridge;
        Link* giver = at(there ? s.port : s.bridge);
        Link* taker = at(there ? s.bridge : s.port);
        if (giver == nullptr || taker == nullptr) {
            return;
        }
        std::ranges::copy(giver->addresses, std::back_inserter(taker->addresses));
        std::ranges::copy(giver->leased, std::back_inserter(taker->leased));
        giver->addresses.clear();
        giver->leased.clear();
        taker->autoconf = giver->autoconf;
        taker->up = true;
        for (Route& route : network_.routes) {
            route.link = route.link == giver->index ? taker->index : route.link;
        }
        if (there) {
            attach(s.port, s.bridge, {}, {});
        } else {
            release(s.port);
        }
    }

    void operator()(const SetResolver& /*no manager's file that we write speaks of it*/) {}
    void operator()(const SetManaged& /*until the next boot*/) {}

    Network network_;

private:
    int index_of(const std::optional<LinkName>& name)
    {
        const Link* link = name ? at(*name) : nullptr;
        return link != nullptr ? link->index : 0;
    }

    Link* at(const LinkName& name)
    {
        const auto found = std::ranges::find(network_.links, name, &Link::name);
        return found == network_.links.end() ? nullptr : &*found;
    }

    template <class Change>
    void with(const LinkName& name, Change change)
    {
        if (Link* link = at(name)) {
            change(*link);
        }
    }

    void attach(const LinkName& name,
                const LinkName& master_name,
                const LinkOptions& options,
                const std::optional<VlanMembership>& vlans)
    {
        const Link* master = at(master_name);
        Link* port = at(name);
        if (master == nullptr || port == nullptr) {
            return;
        }
        port->master = master->index;
        put(port->port_options, options);
        port->vlans = vlans ? vlans : master->is_bridge() ? std::optional{vlans_of_new_port(*master)} : std::nullopt;
    }

    void release(const LinkName& name)
    {
        with(name, [](Link& link) {
            link.master = 0;
            link.port_options.clear();
            link.vlans.reset();
        });
    }

    int next_index_ = first_new_index;
};

}  // namespace

Network outlook(const Network& network, const Plan& plan)
{
    Seer seer{network};
    for (const Step& step : plan) {
        std::visit(seer, step.action);
    }
    return std::move(seer.network_);
}

std::vector<LinkName> links_in(const Plan& plan)
{
    std::vector<LinkName> names;
    const auto add = [&names](const LinkName& name) {
        if (std::ranges::find(names, name) == names.end()) {
            names.push_back(name);
        }
    };
    for (const Step& step : plan) {
        if (const LinkName* name = subject(step.action)) {
            add(*name);
        }
        if (const auto* handover = std::get_if<Handover>(&step.action)) {
            add(handover->port);
            add(handover->bridge);
        }
        if (const auto* attach = std::get_if<Attach>(&step.action)) {
            add(attach->bridge);
        }
        if (const auto* release = std::get_if<Release>(&step.action)) {
            add(release->bridge);
        }
    }
    return names;
}

}  // namespace kvmkit::net
