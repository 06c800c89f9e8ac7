// SPDX-License-Identifier: Apache-2.0
#include "net/state/reader.hpp"

#include <linux/rtnetlink.h>

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

void read_destination(const Spot& spot, DesiredRoute& route)
{
    route.destination = spot.read(Prefix::parse);
}

void read_next_address(const Spot& spot, DesiredRoute& route)
{
    const auto text = spot.text();
    if (text && !text->empty()) {
        route.gateway = spot.read(IpAddress::parse);
    }
}

void read_metric(const Spot& spot, DesiredRoute& route)
{
    constexpr std::uint64_t most = 0xffffffff;
    if (spot.node().text != "-1") {
        if (const auto metric = spot.number(0, most)) {
            route.metric = static_cast<std::uint32_t>(*metric);
        }
    }
}

void read_weight(const Spot& spot, DesiredRoute& route)
{
    constexpr std::uint64_t most = 256;
    if (const auto weight = spot.number(1, most)) {
        route.weight = static_cast<unsigned>(*weight);
    }
}

void read_table(const Spot& spot, DesiredRoute& route)
{
    constexpr std::uint64_t most = 0xffffffff;
    if (const auto table = spot.number(0, most)) {
        route.table = *table == 0 ? RT_TABLE_MAIN : static_cast<std::uint32_t>(*table);
    }
}

void read_type(const Spot& spot, DesiredRoute& route)
{
    constexpr std::array types{OptionWord{"blackhole", RTN_BLACKHOLE},
                               OptionWord{"unreachable", RTN_UNREACHABLE},
                               OptionWord{"prohibit", RTN_PROHIBIT}};
    const auto text = spot.text();
    const auto type = std::ranges::find(types, text.value_or(""), &OptionWord::text);
    if (type != types.end()) {
        route.type = static_cast<std::uint8_t>(type->number);
    } else if (text) {
        spot.complain(fmt::format("'{}' is no type of a route", *text), "write blackhole, unreachable or prohibit");
    }
}

void read_state(const Spot& spot, DesiredRoute& route)
{
    const auto state = spot.text();
    route.absent = state == "absent";
    if (state && *state != "absent") {
        spot.complain(fmt::format("'{}' is no state of a route", *state), "write absent, or leave the key out");
    }
}

void read_link(const Spot& spot, DesiredRoute& route)
{
    const auto text = spot.text();
    if (text && !text->empty()) {
        route.link = spot.read(LinkName::parse);
    }
}

constexpr std::string_view by_ip = "set it with 'ip route change', and leave the key out";

constexpr std::array<KeyRow<DesiredRoute>, 14> route_keys{
    {{"state", read_state},
     {"destination", read_destination},
     {"next-hop-interface", read_link},
     {"next-hop-address", read_next_address},
     {"metric", read_metric},
     {"table-id", read_table},
     {"route-type", read_type},
     {"source", [](const Spot& spot, DesiredRoute& route) { route.source = spot.read(IpAddress::parse); }},
     {"weight", read_weight},
     {"on-link", [](const Spot& spot, DesiredRoute& route) { route.on_link = spot.boolean().value_or(false); }},
     {"cwnd", nullptr, by_ip},
     {"initcwnd", nullptr, by_ip},
     {"initrwnd", nullptr, by_ip},
     {"mtu", nullptr, by_ip}}};

void judge(const Spot& spot, const DesiredRoute& route)
{
    if (route.absent) {
        return;
    }
    if (!spot.entry("destination")) {
        spot.complain("the route has no 'destination'",
                      "write destination: 192.0.2.0/24; the default route's is 0.0.0.0/0");
    }
    const bool leads_somewhere = spot.entry("next-hop-interface") || spot.entry("next-hop-address");
    if (!spot.entry("route-type") && !spot.entry("next-hop-interface")) {
        spot.complain("the route has no 'next-hop-interface'", "name the link that it leads through");
    }
    if (route.type && leads_somewhere) {
        spot.near("route-type")
            .complain_of_key("a route of this type leads nowhere, and a next hop is given", "leave the next hop out");
    }
    if (route.on_link && !route.gateway) {
        spot.near("on-link").complain_of_key("'on-link' is about a 'next-hop-address', and none is given",
                                             "leave it out: without an address all of the destination is on the link");
    }
    if (!route.destination) {
        return;
    }
    // IPv4 may lead through a router's IPv6 address, but not the other way round.
    const auto family = route.destination->family();
    if (route.gateway && route.gateway->family() != family && family == Family::ipv6) {
        spot.near("next-hop-address").complain("an IPv6 route leads through an IPv6 address", "give the router's");
    }
    if (route.source && route.source->family() != family) {
        spot.near("source").complain("it is of another IP family than the destination",
                                     "give an address of this host in the destination's family");
    }
}

void read_config(const Spot& spot, std::vector<DesiredRoute>& routes)
{
    for (const Spot& item : spot.items()) {
        DesiredRoute route;
        route.path = item.path();
        read_map<DesiredRoute>(item, route_keys, route);
        judge(item, route);
        routes.push_back(std::move(route));
    }
}

constexpr std::array<KeyRow<std::vector<DesiredRoute>>, 2> routes_keys{{{"config", read_config}, {"running"}}};

std::vector<std::string> texts_of(const Spot& spot)
{
    std::vector<std::string> texts;
    for (const Spot& item : spot.items()) {
        if (const auto text = item.text()) {
            texts.push_back(*text);
        }
    }
    return texts;
}

void read_servers(const Spot& spot, DesiredResolver& resolver)
{
    resolver.servers = texts_of(spot);
    for (const Spot& item : spot.items()) {
        // A server behind a link-local address is followed by its link.
        const auto text = item.node().text;
        if (item.node().kind == Node::Kind::scalar) {
            (void)item.take(IpAddress::parse(std::string_view{text}.substr(0, text.find('%'))));
        }
    }
}

constexpr std::array<KeyRow<DesiredResolver>, 3> resolver_keys{
    {{"server", read_servers},
     {"search", [](const Spot& spot, DesiredResolver& resolver) { resolver.search = texts_of(spot); }},
     {"options", [](const Spot& spot, DesiredResolver& resolver) { resolver.options = texts_of(spot); }}}};

void read_resolver_config(const Spot& spot, std::optional<DesiredResolver>& resolver)
{
    resolver.emplace();
    resolver->path = spot.path();
    read_map<DesiredResolver>(spot, resolver_keys, *resolver);
}

constexpr std::array<KeyRow<std::optional<DesiredResolver>>, 2> resolver_sections{
    {{"config", read_resolver_config}, {"running"}}};

}  // namespace

void read_routes(const Spot& spot, std::vector<DesiredRoute>& routes)
{
    read_map<std::vector<DesiredRoute>>(spot, routes_keys, routes);
}

void read_resolver(const Spot& spot, std::optional<DesiredResolver>& resolver)
{
    read_map<std::optional<DesiredResolver>>(spot, resolver_sections, resolver);
}

}  // namespace kvmkit::net
