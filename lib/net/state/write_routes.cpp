// SPDX-License-Identifier: Apache-2.0
#include "net/state/write_routes.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::ordered_json;
using Links = std::span<const Link* const>;

bool is_chosen(const Network& network, Links links, const Route& route)
{
    if (route.link == 0) {
        return route.type != RTN_UNICAST && links.size() == network.links.size();
    }
    return std::ranges::find(links, route.link, &Link::index) != links.end();
}

/// Part of a route of several ways would be another route.
bool has_all_ways(const Network& network, Links links, const Route& route)
{
    return !route.shared || std::ranges::all_of(network.routes, [&](const Route& way) {
        const bool same = way.shared && way.destination == route.destination && way.metric == route.metric &&
                          way.table == route.table;
        return !same || is_chosen(network, links, way);
    });
}

Json describe_route(const Network& network, const Route& route)
{
    Json json{{"destination", route.destination.str()}};
    if (const Link* link = find(network, route.link)) {
        json["next-hop-interface"] = link->name.str();
    }
    if (route.gateway) {
        json["next-hop-address"] = route.gateway->str();
        const Link* link = find(network, route.link);
        if (route.onlink || (link != nullptr && is_beyond(*route.gateway, *link))) {
            json["on-link"] = true;
        }
    }
    if (route.type != RTN_UNICAST) {
        json["route-type"] = route.type == RTN_BLACKHOLE     ? "blackhole"
                             : route.type == RTN_UNREACHABLE ? "unreachable"
                                                             : "prohibit";
    }
    if (route.source) {
        json["source"] = route.source->str();
    }
    if (route.metric != 0) {
        json["metric"] = route.metric;
    }
    if (route.table != RT_TABLE_MAIN) {
        json["table-id"] = route.table;
    }
    if (route.shared) {
        json["weight"] = route.weight;
    }
    return json;
}

}  // namespace

Json describe_routes(const Network& network, Links links, std::vector<std::string>& notes)
{
    auto list = Json::array();
    for (const Route& route : network.routes) {
        // Those of daemons, of DHCP and of routers' advertisements come by themselves.
        const bool by_hand = route.protocol == RTPROT_BOOT || route.protocol == RTPROT_STATIC;
        if (!by_hand || !is_chosen(network, links, route)) {
            continue;
        }
        if (!has_all_ways(network, links, route)) {
            notes.push_back(
                fmt::format("the route to {} has ways through other links, and is left out", route.destination.str()));
            continue;
        }
        if (route.has_metrics) {
            notes.push_back(fmt::format(
                "the route to {} has an MTU, a congestion window or other metrics, for which the schema has no words",
                route.destination.str()));
        }
        list.push_back(describe_route(network, route));
    }
    return list;
}

}  // namespace kvmkit::net
