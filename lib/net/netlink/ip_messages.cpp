// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/ip_messages.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>

namespace kvmkit::net {
namespace {

int kernel_family(Family family)
{
    return family == Family::ipv4 ? AF_INET : AF_INET6;
}

void put_gateway(Message& message, const IpAddress& gateway, Family destination)
{
    if (gateway.family() == destination) {
        message.put(RTA_GATEWAY, gateway.bytes());
        return;
    }
    const auto family = static_cast<std::uint16_t>(kernel_family(gateway.family()));
    std::string via{reinterpret_cast<const char*>(&family), sizeof(family)};
    message.put(RTA_VIA, via.append(gateway.bytes()));
}

/// An rtnexthop counts the attributes behind it into its length.
void put_way(Message& message, const RouteWay& way, const Link& link, Family destination)
{
    const auto start = nlmsg_hdr(message.get())->nlmsg_len;
    rtnexthop hop{};
    hop.rtnh_ifindex = link.index;
    hop.rtnh_hops = static_cast<unsigned char>(way.weight - 1);
    hop.rtnh_flags = way.onlink ? RTNH_F_ONLINK : 0;
    message.append(hop);
    if (way.gateway) {
        put_gateway(message, *way.gateway, destination);
    }
    nlmsghdr* const head = nlmsg_hdr(message.get());
    hop.rtnh_len = static_cast<unsigned short>(head->nlmsg_len - start);
    std::memcpy(reinterpret_cast<char*>(head) + start, &hop, sizeof(hop));
}

}  // namespace

Message address_message(
    int type, int flags, const Link& link, const InterfaceAddress& address, const AddressExtras& extras)
{
    ifaddrmsg header{};
    header.ifa_family = static_cast<std::uint8_t>(kernel_family(address.family()));
    header.ifa_prefixlen = static_cast<std::uint8_t>(address.prefix());
    header.ifa_scope = extras.scope;
    header.ifa_index = static_cast<std::uint32_t>(link.index);
    Message message{type, flags, header};
    message.put(IFA_LOCAL, address.bytes());
    if (find(extras.attributes, IFA_ADDRESS) == nullptr) {
        message.put(IFA_ADDRESS, address.bytes());
    }
    for (const LinkOption& one : extras.attributes) {
        message.put(one.type, one.bytes);
    }
    return message;
}

Message promotion_message(const Link& link, bool on)
{
    ifinfomsg header{};
    header.ifi_index = link.index;
    Message message{RTM_SETLINK, 0, header};
    message.nest(IFLA_AF_SPEC, [on](Message& families) {
        families.nest(AF_INET, [on](Message& inet) {
            inet.nest(IFLA_INET_CONF,
                      [on](Message& settings) { settings.put_number(IPV4_DEVCONF_PROMOTE_SECONDARIES, on ? 1 : 0); });
        });
    });
    return message;
}

const LinkName* put_ways(Message& message, const RouteEntry& route, const Network& network)
{
    std::vector<const Link*> links;
    links.reserve(route.ways.size());
    for (const RouteWay& way : route.ways) {
        links.push_back(find(network, way.link));
        if (links.back() == nullptr) {
            return &way.link;
        }
    }
    if (links.empty()) {
        return nullptr;
    }
    message.nest(RTA_MULTIPATH, [&](Message& nested) {
        for (std::size_t i = 0; i < links.size(); ++i) {
            put_way(nested, route.ways.at(i), *links[i], route.destination.family());
        }
    });
    return nullptr;
}

Message route_message(int type, int flags, const RouteEntry& route, const Link* link)
{
    rtmsg header{};
    header.rtm_family = static_cast<std::uint8_t>(kernel_family(route.destination.family()));
    header.rtm_dst_len = static_cast<std::uint8_t>(route.destination.length());
    header.rtm_table = static_cast<std::uint8_t>(route.table < 256 ? route.table : 0);
    header.rtm_protocol = route.protocol;
    header.rtm_scope = route.scope;
    header.rtm_type = route.type;
    header.rtm_flags = route.onlink ? RTNH_F_ONLINK : 0U;
    Message message{type, flags, header};
    message.put_number(RTA_TABLE, route.table);
    if (route.destination.length() != 0) {
        message.put(RTA_DST, route.destination.bytes());
    }
    if (link != nullptr) {
        message.put_number(RTA_OIF, static_cast<std::uint32_t>(link->index));
    }
    if (route.gateway) {
        put_gateway(message, *route.gateway, route.destination.family());
    }
    if (route.source) {
        message.put(RTA_PREFSRC, route.source->bytes());
    }
    if (route.metric != 0) {
        message.put_number(RTA_PRIORITY, route.metric);
    }
    return message;
}

}  // namespace kvmkit::net
