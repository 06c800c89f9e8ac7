// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/dump.hpp"

#include "net/netlink/bridge_options.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace kvmkit::net {
namespace {

template <std::size_t Size>
using Attributes = std::array<nlattr*, Size>;

constexpr std::array<std::string_view, 7> operational_states{
    "unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"};

std::string_view bytes_of(const nlattr* attribute)
{
    return {static_cast<const char*>(nla_data(attribute)), static_cast<std::size_t>(nla_len(attribute))};
}

std::uint32_t number_or(const nlattr* attribute, std::uint32_t otherwise)
{
    return attribute != nullptr && nla_len(attribute) >= static_cast<int>(sizeof(std::uint32_t))
               ? nla_get_u32(attribute)
               : otherwise;
}

std::optional<MacAddress> mac_from(const nlattr* attribute)
{
    MacAddress::Octets octets{};
    if (attribute == nullptr || nla_len(attribute) != static_cast<int>(octets.size())) {
        return std::nullopt;
    }
    std::memcpy(octets.data(), nla_data(attribute), octets.size());
    return MacAddress{octets};
}

/// Kind, and of a bridge its settings.
void read_link_info(Link& link, nlattr* info)
{
    Attributes<IFLA_INFO_MAX + 1> attributes{};
    if (info == nullptr || nla_parse_nested(attributes.data(), IFLA_INFO_MAX, info, nullptr) < 0) {
        return;
    }
    if (const nlattr* kind = attributes[IFLA_INFO_KIND]) {
        link.kind = nla_get_string(kind);
    }
    nlattr* const data = attributes[IFLA_INFO_DATA];
    if (!link.is_bridge() || data == nullptr) {
        return;
    }
    nlattr* option = nullptr;
    int left = 0;
    nla_for_each_nested(option, data, left)
    {
        const auto type = static_cast<std::uint16_t>(nla_type(option));
        if (auto setting = to_give_back({type, std::string{bytes_of(option)}})) {
            link.options.push_back(std::move(*setting));
        }
    }
}

Link* owner_of(Network& network, int index)
{
    const auto found = std::ranges::find(network.links, index, &Link::index);
    return found == network.links.end() ? nullptr : &*found;
}

std::string destination(rtnl_route* route)
{
    nl_addr* const network = rtnl_route_get_dst(route);
    if (network == nullptr || nl_addr_get_prefixlen(network) == 0) {
        return "default";
    }
    std::array<char, 64> text{};
    return nl_addr2str(network, text.data(), text.size());
}

}  // namespace

void read_link(Network& network, nlmsghdr* answer)
{
    Attributes<IFLA_MAX + 1> attributes{};
    if (answer->nlmsg_type != RTM_NEWLINK ||
        nlmsg_parse(answer, sizeof(ifinfomsg), attributes.data(), IFLA_MAX, nullptr) < 0 ||
        attributes[IFLA_IFNAME] == nullptr) {
        return;
    }
    const auto* const header = static_cast<const ifinfomsg*>(nlmsg_data(answer));
    Link link{.name = LinkName::from_kernel(nla_get_string(attributes[IFLA_IFNAME])),
              .index = header->ifi_index,
              .mac = mac_from(attributes[IFLA_ADDRESS]),
              .mtu = number_or(attributes[IFLA_MTU], 0),
              .up = (header->ifi_flags & IFF_UP) != 0,
              .running = (header->ifi_flags & IFF_RUNNING) != 0,
              .ethernet = header->ifi_type == ARPHRD_ETHER,
              .loopback = (header->ifi_flags & IFF_LOOPBACK) != 0,
              .master = static_cast<int>(number_or(attributes[IFLA_MASTER], 0)),
              .group = number_or(attributes[IFLA_GROUP], 0)};
    const nlattr* const carrier = attributes[IFLA_CARRIER];
    link.carrier = carrier != nullptr && nla_get_u8(carrier) != 0;
    const nlattr* const state = attributes[IFLA_OPERSTATE];
    const std::size_t number = state != nullptr ? nla_get_u8(state) : 0U;
    link.state = number < operational_states.size() ? operational_states.at(number) : "unknown";
    read_link_info(link, attributes[IFLA_LINKINFO]);
    network.links.push_back(std::move(link));
}

void read_address(Network& network, nlmsghdr* answer)
{
    Attributes<IFA_MAX + 1> attributes{};
    if (answer->nlmsg_type != RTM_NEWADDR ||
        nlmsg_parse(answer, sizeof(ifaddrmsg), attributes.data(), IFA_MAX, nullptr) < 0) {
        return;
    }
    const auto* const header = static_cast<const ifaddrmsg*>(nlmsg_data(answer));
    // On point-to-point links IFA_ADDRESS is the other end.
    const nlattr* const local = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
    Link* const owner = owner_of(network, static_cast<int>(header->ifa_index));
    InterfaceAddress::Octets octets{};
    if (owner == nullptr || local == nullptr || bytes_of(local).size() > octets.size()) {
        return;
    }
    std::memcpy(octets.data(), nla_data(local), bytes_of(local).size());
    const auto family = header->ifa_family == AF_INET ? Family::ipv4 : Family::ipv6;
    owner->addresses.emplace_back(family, octets, header->ifa_prefixlen);
}

void read_route(Network& network, nlmsghdr* answer)
{
    rtnl_route* parsed = nullptr;
    if (answer->nlmsg_type != RTM_NEWROUTE || rtnl_route_parse(answer, &parsed) < 0) {
        return;
    }
    const UniqueHandle<rtnl_route, rtnl_route_put> route{parsed};
    const bool somebody_set_it = rtnl_route_get_type(route.get()) == RTN_UNICAST &&
                                 rtnl_route_get_protocol(route.get()) != RTPROT_KERNEL &&
                                 (rtnl_route_get_flags(route.get()) & RTM_F_CLONED) == 0;
    if (!somebody_set_it) {
        return;
    }
    for (int i = 0; i < rtnl_route_get_nnexthops(route.get()); ++i) {
        Link* const owner = owner_of(network, rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(route.get(), i)));
        if (owner != nullptr) {
            owner->routes.push_back(destination(route.get()));
        }
    }
}

}  // namespace kvmkit::net
