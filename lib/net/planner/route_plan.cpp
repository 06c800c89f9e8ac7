// SPDX-License-Identifier: Apache-2.0
#include "net/planner/internal/draft.hpp"
#include "net/planner/inverse.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// IPv6 routes without a metric get this one from the kernel (IP6_RT_PRIO_USER).
constexpr std::uint32_t ipv6_metric = 1024;

std::uint32_t table_of(const DesiredRoute& wish)
{
    return wish.table.value_or(0) != 0 ? *wish.table : std::uint32_t{RT_TABLE_MAIN};
}

RouteEntry entry_of(const DesiredRoute& wish)
{
    const bool to_all = !wish.destination;
    const auto family = wish.gateway ? wish.gateway->family() : Family::ipv4;
    RouteEntry entry{.destination = to_all ? Prefix::all(family) : *wish.destination,
                     .link = wish.link,
                     .gateway = wish.gateway,
                     .source = wish.source};
    const bool ipv6 = entry.destination.family() == Family::ipv6;
    entry.metric = wish.metric.value_or(0);
    if (entry.metric == 0 && ipv6) {
        entry.metric = ipv6_metric;
    }
    entry.table = table_of(wish);
    entry.type = wish.type.value_or(RTN_UNICAST);
    entry.onlink = wish.on_link;
    if (!entry.gateway && !ipv6 && entry.type == RTN_UNICAST) {
        entry.scope = RT_SCOPE_LINK;
    }
    return entry;
}

/// The same destination, metric and table: to the kernel, one route.
bool is_one_route(const RouteEntry& one, const RouteEntry& other)
{
    return one.destination == other.destination && one.metric == other.metric && one.table == other.table &&
           one.type == other.type;
}

/// A wish with all that ask for further ways of the same route.
using Group = std::vector<const DesiredRoute*>;

std::vector<Group> groups_of(const std::vector<DesiredRoute>& wishes)
{
    std::vector<Group> groups;
    for (const DesiredRoute& wish : wishes) {
        if (wish.absent) {
            continue;
        }
        const auto belongs = [&wish](const Group& group) {
            return wish.weight && group.front()->weight && is_one_route(entry_of(*group.front()), entry_of(wish));
        };
        const auto group = std::ranges::find_if(groups, belongs);
        if (group != groups.end()) {
            group->push_back(&wish);
        } else {
            groups.push_back({&wish});
        }
    }
    return groups;
}

/// Of one wish an ordinary route, of several one with as many ways.
RouteEntry entry_of(const Group& group)
{
    RouteEntry entry = entry_of(*group.front());
    if (group.size() == 1) {
        return entry;
    }
    for (const DesiredRoute* wish : group) {
        if (wish->link) {
            entry.ways.push_back({*wish->link, wish->gateway, wish->weight.value_or(1), wish->on_link});
        }
        if (wish->gateway) {
            entry.scope = RT_SCOPE_UNIVERSE;
        }
    }
    entry.link.reset();
    entry.gateway.reset();
    entry.onlink = false;
    return entry;
}

std::vector<LinkName> links_of(const RouteEntry& entry)
{
    std::vector<LinkName> links;
    if (entry.link) {
        links.push_back(*entry.link);
    }
    for (const RouteWay& way : entry.ways) {
        links.push_back(way.link);
    }
    return links;
}

/// As it is before links hand over what they have.
RouteEntry before_handovers(const Draft& draft, RouteEntry entry)
{
    const auto rename = [&draft](LinkName& link) {
        if (const Link* giver = draft.giver_of(link)) {
            link = giver->name;
        }
    };
    if (entry.link) {
        rename(*entry.link);
    }
    for (RouteWay& way : entry.ways) {
        rename(way.link);
    }
    return entry;
}

void plan_route(Draft& draft, const Group& group)
{
    const auto entry = entry_of(group);
    const KeyPath& path = group.front()->path;
    bool is_new = false;
    for (const LinkName& link : links_of(entry)) {
        if (!draft.will_exist(link)) {
            draft.complain({ErrorCode::not_found,
                            fmt::format("cannot add route {}: link '{}' does not exist", describe(entry), link.str()),
                            "'net-setup show' lists the links"},
                           path);
            return;
        }
        is_new = is_new || (draft.present(link) == nullptr && draft.giver_of(link) == nullptr);
    }
    if (!is_new && has_route(draft.network(), before_handovers(draft, entry))) {
        return;
    }
    for (const Route& route : entry.ways.empty() ? std::vector<Route>{} : draft.network().routes) {
        if (is_one_route(entry_of(draft.network(), route), entry)) {
            take_away(draft, route, path, [](const Route&) { return true; });
        }
    }
    draft.add(AddRoute{entry}, path);
}

bool matches(const DesiredRoute& wish, const Network& network, const Route& route)
{
    const Link* link = route.link != 0 ? find(network, route.link) : nullptr;
    return (!wish.destination || *wish.destination == route.destination) &&
           (!wish.link || (link != nullptr && link->name == *wish.link)) &&
           (!wish.gateway || wish.gateway == route.gateway) && (!wish.metric || *wish.metric == route.metric) &&
           table_of(wish) == route.table && (!wish.type || *wish.type == route.type);
}

bool is_same_shared(const Route& one, const Route& other)
{
    return other.shared && one.destination == other.destination && one.metric == other.metric &&
           one.table == other.table && one.type == other.type;
}

}  // namespace

RouteEntry entry_of(const Network& network, const Route& route)
{
    RouteEntry entry{.destination = route.destination,
                     .gateway = route.gateway,
                     .source = route.source,
                     .metric = route.metric,
                     .table = route.table,
                     .protocol = route.protocol,
                     .scope = route.scope,
                     .type = route.type};
    if (!route.shared) {
        const Link* link = route.link != 0 ? find(network, route.link) : nullptr;
        entry.link = link != nullptr ? std::optional{link->name} : std::nullopt;
        entry.onlink = route.onlink;
        return entry;
    }
    entry.gateway.reset();
    for (const Route& way : network.routes) {
        const Link* link = is_same_shared(route, way) ? find(network, way.link) : nullptr;
        if (link != nullptr) {
            entry.ways.push_back({link->name, way.gateway, way.weight, way.onlink});
        }
    }
    return entry;
}

Ways through(const Link& link)
{
    return [index = link.index](const Route& way) { return way.link == index; };
}

void take_away(Draft& draft, const Route& route, const KeyPath& origin, const Ways& goes)
{
    if (draft.is_removed(route)) {
        return;
    }
    RouteEntry entry = entry_of(draft.network(), route);
    draft.add(RemoveRoute{entry}, origin);
    if (!route.shared) {
        return;
    }
    entry.ways.clear();
    for (const Route& way : draft.network().routes) {
        const Link* link = is_same_shared(route, way) && !goes(way) ? find(draft.network(), way.link) : nullptr;
        if (link != nullptr) {
            entry.ways.push_back({link->name, way.gateway, way.weight, way.onlink});
        }
    }
    if (entry.ways.size() == 1) {
        entry.link = entry.ways.front().link;
        entry.gateway = entry.ways.front().gateway;
        entry.onlink = entry.ways.front().onlink;
        entry.ways.clear();
    }
    if (entry.link || !entry.ways.empty()) {
        draft.add(AddRoute{std::move(entry)}, origin);
    }
}

void plan_route_removals(Draft& draft)
{
    for (const DesiredRoute& wish : draft.wanted().routes) {
        const auto goes = [&](const Route& way) { return matches(wish, draft.network(), way); };
        for (const Route& route : wish.absent ? draft.network().routes : std::vector<Route>{}) {
            if (goes(route)) {
                take_away(draft, route, wish.path, goes);
            }
        }
    }
}

void plan_routes(Draft& draft)
{
    for (const Group& group : groups_of(draft.wanted().routes)) {
        plan_route(draft, group);
    }
}

}  // namespace kvmkit::net
