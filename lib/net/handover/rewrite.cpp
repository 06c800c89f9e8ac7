// SPDX-License-Identifier: Apache-2.0
#include "net/handover/rewrite.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace kvmkit::net {
namespace {

constexpr std::uint32_t last_of_all = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t forever = std::numeric_limits<std::uint32_t>::max();
/// The flags of a route that somebody can set; the others are the kernel's observations.
constexpr unsigned settable_hop_flags = RTNH_F_ONLINK | RTNH_F_PERVASIVE;

std::uint32_t flags_of(const Packet& address)
{
    return number(address, IFA_FLAGS).value_or(header_of<ifaddrmsg>(address).ifa_flags);
}

/// Says what the kernel takes; states that it finds out by itself are left out.
void set_flags(Packet& address, std::uint32_t add)
{
    constexpr std::uint32_t settable = IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
                                       IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
    const std::uint32_t flags = (flags_of(address) & settable) | add;
    auto head = header_of<ifaddrmsg>(address);
    head.ifa_flags = static_cast<std::uint8_t>(flags & 0xffU);
    set_header(address, head);
    replace_number(address, IFA_FLAGS, flags);
}

std::uint32_t shortened_by(std::uint32_t lifetime, std::uint32_t passed)
{
    if (lifetime == forever) {
        return lifetime;
    }
    return lifetime > passed ? lifetime - passed : 1U;  // 0 is refused; it ends in a second
}

/// Whether the first bits of two addresses are the same.
bool same_network(std::string_view one, std::string_view other, unsigned bits)
{
    if (one.size() != other.size() || bits > one.size() * 8) {
        return false;
    }
    const std::size_t whole = bits / 8;
    const unsigned rest = bits % 8;
    if (one.substr(0, whole) != other.substr(0, whole)) {
        return false;
    }
    const auto byte = [whole](std::string_view bytes) { return static_cast<unsigned char>(bytes[whole]); };
    return rest == 0 || ((byte(one) ^ byte(other)) >> (8U - rest)) == 0;
}

/// The route that the kernel makes for an address.
bool is_route_of(const Packet& route, const Packet& address)
{
    const auto head = header_of<rtmsg>(route);
    const auto own = header_of<ifaddrmsg>(address);
    const auto to = attribute(route, RTA_DST);
    const auto peer = attribute(address, IFA_ADDRESS);
    return head.rtm_protocol == RTPROT_KERNEL && head.rtm_family == own.ifa_family &&
           head.rtm_dst_len == own.ifa_prefixlen && !attribute(route, RTA_GATEWAY) && to && peer &&
           same_network(*to, *peer, own.ifa_prefixlen);
}

/// The kernel tells when a route ends in clock ticks, and wants to be told in seconds.
void convert_expiry(Packet& route, std::uint32_t passed)
{
    const auto cache = attribute(route, RTA_CACHEINFO);
    rta_cacheinfo info{};
    if (cache && cache->size() >= sizeof(info)) {
        std::memcpy(&info, cache->data(), sizeof(info));
    }
    remove(route, RTA_CACHEINFO);
    const long ticks = ::sysconf(_SC_CLK_TCK);
    if (info.rta_expires > 0 && ticks > 0 && header_of<rtmsg>(route).rtm_family == AF_INET6) {
        const auto seconds = static_cast<std::uint32_t>(info.rta_expires / ticks);
        replace_number(route, RTA_EXPIRES, shortened_by(seconds, passed));
    }
}

/// Shows each way of a route with all its bytes, and lets its head be changed.
template <class Change>
void for_each_hop(char* bytes, std::size_t size, Change change)
{
    while (size >= sizeof(rtnexthop)) {
        rtnexthop hop{};
        std::memcpy(&hop, bytes, sizeof(hop));
        if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > size) {
            return;
        }
        const auto step = std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), size);
        change(hop, std::string_view{bytes, step});
        std::memcpy(bytes, &hop, sizeof(hop));
        bytes += step;
        size -= step;
    }
}

/// Of a route of several ways: only those through a link. The kernel takes IPv6 ones away way by way, so that a way
/// that is named goes even where it is part of another route by now.
void keep_ways_through(Packet& route, int index)
{
    const auto all = attribute(route, RTA_MULTIPATH);
    if (!all) {
        return;
    }
    std::string kept;
    std::string hops{*all};
    for_each_hop(hops.data(), hops.size(), [&kept, index](const rtnexthop& hop, std::string_view whole) {
        kept += hop.rtnh_ifindex == index ? whole : std::string_view{};
    });
    remove(route, RTA_MULTIPATH);
    put(route, RTA_MULTIPATH, kept);
}

}  // namespace

bool is_unproven(const Packet& address)
{
    const auto flags = flags_of(address);
    const bool waits = (flags & IFA_F_TENTATIVE) != 0 && (flags & IFA_F_OPTIMISTIC) == 0;
    return header_of<ifaddrmsg>(address).ifa_family == AF_INET6 && ((flags & IFA_F_DADFAILED) != 0 || waits);
}

bool is_fixed(const Packet& neighbour)
{
    const auto head = header_of<ndmsg>(neighbour);
    return (head.ndm_state & NUD_PERMANENT) != 0 || (head.ndm_flags & NTF_PROXY) != 0;
}

bool is_of_a_router(const Snapshot& snapshot, const Packet& route)
{
    const auto head = header_of<rtmsg>(route);
    return snapshot.kernel_routers && head.rtm_family == AF_INET6 && head.rtm_protocol == RTPROT_RA;
}

Rewriter::Rewriter(const Snapshot& snapshot, Holder target, std::int64_t now_ms)
    : snapshot_(snapshot),
      target_(std::move(target)),
      passed_s_(static_cast<std::uint32_t>(std::max<std::int64_t>(0, (now_ms - snapshot.taken_ms) / 1000)))
{
}

std::uint32_t Rewriter::moved(std::uint32_t index) const
{
    return static_cast<int>(index) == snapshot_.holder.index ? static_cast<std::uint32_t>(target_.index) : index;
}

Packet Rewriter::address(const Packet& told) const
{
    Packet packet = told;
    packet.type = RTM_NEWADDR;
    auto head = header_of<ifaddrmsg>(packet);
    head.ifa_index = static_cast<std::uint32_t>(target_.index);
    set_header(packet, head);
    const std::string& old_name = snapshot_.holder.name;
    if (const auto label = text(packet, IFA_LABEL)) {
        const bool alias = label->starts_with(old_name + ":");
        replace_text(packet, IFA_LABEL, alias ? target_.name + label->substr(old_name.size()) : target_.name);
    }
    edit(packet, IFA_CACHEINFO, [this](char* bytes, std::size_t size) {
        ifa_cacheinfo info{};
        if (size >= sizeof(info)) {
            std::memcpy(&info, bytes, sizeof(info));
            info.ifa_valid = shortened_by(info.ifa_valid, passed_s_);
            info.ifa_prefered = info.ifa_prefered == 0 ? 0 : shortened_by(info.ifa_prefered, passed_s_);
            info.ifa_prefered = std::min(info.ifa_prefered, info.ifa_valid);
            std::memcpy(bytes, &info, sizeof(info));
        }
    });
    return packet;
}

/// Somebody may have taken the route that came with the address away.
bool Rewriter::has_route(const Packet& address) const
{
    return std::ranges::any_of(snapshot_.routes,
                               [&address](const Packet& route) { return is_route_of(route, address); });
}

Packet Rewriter::waiting_address(const Packet& told) const
{
    Packet packet = address(told);
    packet.flags = NLM_F_CREATE | NLM_F_EXCL;
    if (const auto head = header_of<ifaddrmsg>(packet); head.ifa_family == AF_INET) {
        constexpr unsigned single = 32;  // has no network that a route would lead to
        set_flags(packet, head.ifa_prefixlen < single && !has_route(told) ? IFA_F_NOPREFIXROUTE : 0U);
        replace_number(packet, IFA_RT_PRIORITY, last_of_all);
    } else {
        set_flags(packet, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
    }
    return packet;
}

Packet Rewriter::final_address(const Packet& told) const
{
    Packet packet = address(told);
    packet.flags = NLM_F_CREATE | NLM_F_REPLACE;
    const bool ipv6 = header_of<ifaddrmsg>(packet).ifa_family == AF_INET6;
    set_flags(packet, ipv6 && !has_route(told) ? IFA_F_NOPREFIXROUTE : 0U);
    if (!attribute(packet, IFA_RT_PRIORITY)) {
        put_number(packet, IFA_RT_PRIORITY, 0);
    }
    return packet;
}

Packet Rewriter::without_address(const Packet& told) const
{
    const auto told_head = header_of<ifaddrmsg>(told);
    ifaddrmsg head{};
    head.ifa_family = told_head.ifa_family;
    head.ifa_prefixlen = told_head.ifa_prefixlen;
    head.ifa_index = static_cast<std::uint32_t>(target_.index);
    Packet packet = make_packet(RTM_DELADDR, 0, head);
    for (const std::uint16_t type : {IFA_LOCAL, IFA_ADDRESS}) {
        if (const auto bytes = attribute(told, type)) {
            put(packet, type, *bytes);
        }
    }
    return packet;
}

bool Rewriter::comes_with_an_address(const Packet& route) const
{
    return std::ranges::any_of(snapshot_.addresses, [&route](const Packet& address) {
        const bool comes_late = is_unproven(address);  // its route may be needed before
        return !comes_late && (flags_of(address) & IFA_F_NOPREFIXROUTE) == 0 && is_route_of(route, address);
    });
}

Packet Rewriter::moved_route(const Packet& told) const
{
    Packet packet = told;
    auto head = header_of<rtmsg>(packet);
    head.rtm_flags &= settable_hop_flags;
    set_header(packet, head);
    if (const auto out = number(packet, RTA_OIF)) {
        replace_number(packet, RTA_OIF, moved(*out));
    }
    edit(packet, RTA_MULTIPATH, [this](char* bytes, std::size_t size) {
        for_each_hop(bytes, size, [this](rtnexthop& hop, std::string_view /*whole*/) {
            hop.rtnh_ifindex = static_cast<int>(moved(static_cast<std::uint32_t>(hop.rtnh_ifindex)));
            hop.rtnh_flags &= settable_hop_flags;
        });
    });
    if (attribute(packet, RTA_NH_ID)) {  // says where it leads; the kernel refuses to be told twice
        for (const std::uint16_t type : {RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH}) {
            remove(packet, type);
        }
    }
    convert_expiry(packet, passed_s_);
    return packet;
}

Packet Rewriter::route(const Packet& told) const
{
    Packet packet = moved_route(told);
    packet.type = RTM_NEWROUTE;
    packet.flags = static_cast<std::uint16_t>(NLM_F_CREATE | told.flags);
    if (is_of_a_router(snapshot_, told)) {
        replace_number(packet, RTA_PRIORITY, number(told, RTA_PRIORITY).value_or(0) + 1);
    }
    return packet;
}

Packet Rewriter::without_route(const Packet& told) const
{
    Packet packet = moved_route(told);
    packet.type = RTM_DELROUTE;
    packet.flags = 0;
    remove(packet, RTA_EXPIRES);
    if (header_of<rtmsg>(packet).rtm_family == AF_INET6) {
        keep_ways_through(packet, target_.index);
    }
    return packet;
}

Packet Rewriter::nexthop(const Packet& told) const
{
    Packet packet = told;
    packet.type = RTM_NEWNEXTHOP;
    packet.flags = NLM_F_CREATE | NLM_F_REPLACE;
    auto head = header_of<nhmsg>(packet);
    head.nh_scope = 0;
    head.nh_flags &= settable_hop_flags;
    set_header(packet, head);
    replace_number(packet, NHA_OIF, static_cast<std::uint32_t>(target_.index));
    return packet;
}

Packet Rewriter::moved_rule(const Packet& told) const
{
    Packet packet = told;
    auto head = header_of<fib_rule_hdr>(packet);
    head.flags &= FIB_RULE_INVERT;
    set_header(packet, head);
    for (const std::uint16_t type : {FRA_IIFNAME, FRA_OIFNAME}) {
        if (text(packet, type) == snapshot_.holder.name) {
            replace_text(packet, type, target_.name);
        }
    }
    return packet;
}

Packet Rewriter::rule(const Packet& told) const
{
    Packet packet = moved_rule(told);
    packet.type = RTM_NEWRULE;
    packet.flags = NLM_F_CREATE | NLM_F_EXCL;
    return packet;
}

Packet Rewriter::without_rule(const Packet& told) const
{
    Packet packet = moved_rule(told);
    packet.type = RTM_DELRULE;
    packet.flags = 0;
    return packet;
}

Packet Rewriter::neighbour(const Packet& told) const
{
    auto head = header_of<ndmsg>(told);
    head.ndm_ifindex = target_.index;
    if ((head.ndm_flags & NTF_PROXY) == 0 && (head.ndm_state & NUD_PERMANENT) == 0) {
        head.ndm_state = NUD_STALE;
    }
    Packet packet = make_packet(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, head);
    for (const std::uint16_t type : {NDA_DST, NDA_LLADDR}) {
        if (const auto bytes = attribute(told, type)) {
            put(packet, type, *bytes);
        }
    }
    return packet;
}

Packet Rewriter::without_neighbour(const Packet& told) const
{
    Packet packet = neighbour(told);
    packet.type = RTM_DELNEIGH;
    packet.flags = 0;
    remove(packet, NDA_LLADDR);
    return packet;
}

}  // namespace kvmkit::net
