// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/attributes.hpp"
#include "net/netlink/internal/dump.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace kvmkit::net {
namespace {

using RouteAttributes = std::array<nlattr*, RTA_MAX + 1>;

std::optional<InterfaceAddress::Octets> octets_of(const void* data, std::size_t size)
{
    InterfaceAddress::Octets octets{};
    if (size > octets.size()) {
        return std::nullopt;
    }
    std::memcpy(octets.data(), data, size);
    return octets;
}

std::optional<IpAddress> address_from(Family family, const nlattr* attribute)
{
    if (attribute == nullptr) {
        return std::nullopt;
    }
    const auto octets = octets_of(nla_data(attribute), static_cast<std::size_t>(nla_len(attribute)));
    return octets ? std::optional{IpAddress{family, *octets}} : std::nullopt;
}

/// RTA_VIA: a gateway of the other family.
std::optional<IpAddress> foreign_gateway(const nlattr* via)
{
    constexpr auto head = static_cast<int>(sizeof(rtvia));
    if (via == nullptr || nla_len(via) <= head) {
        return std::nullopt;
    }
    const auto* const start = static_cast<const char*>(nla_data(via));
    rtvia header{};
    std::memcpy(&header, start, sizeof(header));
    const auto octets = octets_of(start + head, static_cast<std::size_t>(nla_len(via) - head));
    const auto family = header.rtvia_family == AF_INET6 ? Family::ipv6 : Family::ipv4;
    return octets ? std::optional{IpAddress{family, *octets}} : std::nullopt;
}

/// Those that somebody set, and that lead somewhere or throw packets away.
bool is_ours_to_know(const rtmsg& header)
{
    const bool kind = header.rtm_type == RTN_UNICAST || header.rtm_type == RTN_BLACKHOLE ||
                      header.rtm_type == RTN_UNREACHABLE || header.rtm_type == RTN_PROHIBIT;
    const bool family = header.rtm_family == AF_INET || header.rtm_family == AF_INET6;
    return kind && family && header.rtm_protocol != RTPROT_KERNEL && (header.rtm_flags & RTM_F_CLONED) == 0;
}

void add_ways(Network& network, Route route, nlattr* ways)
{
    route.shared = true;
    auto* way = static_cast<rtnexthop*>(nla_data(ways));
    int left = nla_len(ways);
    while (left >= static_cast<int>(sizeof(rtnexthop)) && RTNH_OK(way, left)) {
        RouteAttributes attributes{};
        auto* const first = reinterpret_cast<nlattr*>(RTNH_DATA(way));
        const int size = way->rtnh_len - static_cast<int>(sizeof(rtnexthop));
        if (nla_parse(attributes.data(), RTA_MAX, first, size, nullptr) >= 0) {
            Route one = route;
            one.link = way->rtnh_ifindex;
            one.gateway = address_from(route.destination.family(), attributes[RTA_GATEWAY]);
            if (!one.gateway) {
                one.gateway = foreign_gateway(attributes[RTA_VIA]);
            }
            one.weight = way->rtnh_hops + 1U;
            one.onlink = (way->rtnh_flags & RTNH_F_ONLINK) != 0;
            network.routes.push_back(one);
        }
        left -= RTNH_ALIGN(way->rtnh_len);
        way = RTNH_NEXT(way);
    }
}

void add_to_links(Network& network, std::size_t first_new)
{
    for (std::size_t i = first_new; i < network.routes.size(); ++i) {
        const Route& route = network.routes.at(i);
        const Link* owner = find(network, route.link);
        if (owner != nullptr && route.type == RTN_UNICAST) {
            Link& link = network.links[static_cast<std::size_t>(owner - network.links.data())];
            link.routes.push_back(route.destination.length() == 0 ? "default" : route.destination.str());
        }
    }
}

}  // namespace

void read_route(Network& network, nlmsghdr* answer)
{
    RouteAttributes attributes{};
    if (answer->nlmsg_type != RTM_NEWROUTE ||
        nlmsg_parse(answer, sizeof(rtmsg), attributes.data(), RTA_MAX, nullptr) < 0) {
        return;
    }
    const auto& header = *static_cast<const rtmsg*>(nlmsg_data(answer));
    if (!is_ours_to_know(header)) {
        return;
    }
    const auto family = header.rtm_family == AF_INET ? Family::ipv4 : Family::ipv6;
    const nlattr* const to = attributes[RTA_DST];
    const auto octets = to != nullptr ? octets_of(nla_data(to), static_cast<std::size_t>(nla_len(to)))
                                      : std::optional<InterfaceAddress::Octets>{InterfaceAddress::Octets{}};
    if (!octets) {
        return;
    }
    Route route{.destination = Prefix{InterfaceAddress{family, *octets, header.rtm_dst_len}},
                .link = static_cast<int>(number_or(attributes[RTA_OIF], 0)),
                .gateway = address_from(family, attributes[RTA_GATEWAY]),
                .source = address_from(family, attributes[RTA_PREFSRC]),
                .metric = number_or(attributes[RTA_PRIORITY], 0),
                .table = number_or(attributes[RTA_TABLE], header.rtm_table),
                .protocol = header.rtm_protocol,
                .scope = header.rtm_scope,
                .type = header.rtm_type,
                .onlink = (header.rtm_flags & RTNH_F_ONLINK) != 0,
                .has_metrics = attributes[RTA_METRICS] != nullptr};
    if (!route.gateway) {
        route.gateway = foreign_gateway(attributes[RTA_VIA]);
    }
    if (route.type != RTN_UNICAST) {
        route.link = 0;  // IPv6 tells lo
    }
    const std::size_t first_new = network.routes.size();
    if (nlattr* const ways = attributes[RTA_MULTIPATH]) {
        add_ways(network, route, ways);
    } else {
        network.routes.push_back(route);
    }
    add_to_links(network, first_new);
}

}  // namespace kvmkit::net
