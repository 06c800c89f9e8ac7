// SPDX-License-Identifier: Apache-2.0
#include "net/handover/words.hpp"

#include <arpa/inet.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

std::string address_text(int family, std::optional<std::string_view> bytes)
{
    std::array<char, INET6_ADDRSTRLEN> printed{};
    const std::size_t needed = family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr);
    const bool whole = bytes && bytes->size() == needed;
    return whole && ::inet_ntop(family, bytes->data(), printed.data(), printed.size()) != nullptr ? printed.data()
                                                                                                  : "?";
}

std::string route_text(const Packet& packet)
{
    const auto head = header_of<rtmsg>(packet);
    return head.rtm_dst_len == 0
               ? "default"
               : fmt::format("{}/{}", address_text(head.rtm_family, attribute(packet, RTA_DST)), head.rtm_dst_len);
}

Request request_of(const Packet& packet)
{
    if (packet.type == RTM_NEWADDR || packet.type == RTM_DELADDR) {
        return packet.type == RTM_NEWADDR ? Request::add_address : Request::remove_address;
    }
    return Request::change_link;
}

}  // namespace

std::string subject_of(const Packet& packet)
{
    switch (packet.type & ~3U) {
        case RTM_NEWADDR: {
            const auto head = header_of<ifaddrmsg>(packet);
            const auto own = attribute(packet, IFA_LOCAL);
            return fmt::format("address {}/{}",
                               address_text(head.ifa_family, own ? own : attribute(packet, IFA_ADDRESS)),
                               head.ifa_prefixlen);
        }
        case RTM_NEWROUTE: return "route " + route_text(packet);
        case RTM_NEWRULE: return fmt::format("rule {}", number(packet, FRA_PRIORITY).value_or(0));
        case RTM_NEWNEXTHOP: return fmt::format("nexthop {}", number(packet, NHA_ID).value_or(0));
        case RTM_NEWNEIGH:
            return "neighbour " + address_text(header_of<ndmsg>(packet).ndm_family, attribute(packet, NDA_DST));
        default: return "link";
    }
}

Error refusal_of(const Order& order, const KernelRefusal& refusal)
{
    if (!order.doing.empty()) {
        return to_error(refusal, {Request::attach, order.doing});
    }
    const bool adds = (order.packet.type & 3U) != 1U;
    return to_error(refusal,
                    {request_of(order.packet),
                     fmt::format("cannot {} {}", adds ? "hand over" : "take away", subject_of(order.packet))});
}

}  // namespace kvmkit::net
