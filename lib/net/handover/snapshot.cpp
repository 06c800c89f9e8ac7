// SPDX-License-Identifier: Apache-2.0
#include "net/handover/snapshot.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <time.h>
#include <algorithm>
#include <set>
#include <utility>

namespace kvmkit::net {
namespace {

/// Whether the hops of a multipath route lead through a link.
bool hops_lead_through(std::string_view hops, int index)
{
    while (hops.size() >= sizeof(rtnexthop)) {
        rtnexthop hop{};
        std::memcpy(&hop, hops.data(), sizeof(hop));
        if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > hops.size()) {
            return false;
        }
        if (hop.rtnh_ifindex == index) {
            return true;
        }
        hops.remove_prefix(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), hops.size()));
    }
    return false;
}

bool leads_through(const Packet& route, int index)
{
    const auto out = number(route, RTA_OIF);
    const auto hops = attribute(route, RTA_MULTIPATH);
    return (out && static_cast<int>(*out) == index) || (hops && hops_lead_through(*hops, index));
}

/// What an address brings with it by itself, or the cache made, is no route of its own.
bool is_to_be_moved(const Packet& route)
{
    const auto head = header_of<rtmsg>(route);
    const bool automatic = head.rtm_type != RTN_UNICAST && head.rtm_protocol == RTPROT_KERNEL;
    return !automatic && (head.rtm_flags & RTM_F_CLONED) == 0;
}

/// Routes with the same key stand in one list, and replacing one strikes the first.
std::string key_of(const Packet& route)
{
    const auto head = header_of<rtmsg>(route);
    const auto part = [&route](std::uint16_t type) { return std::string{attribute(route, type).value_or("")}; };
    return std::string{static_cast<char>(head.rtm_family),
                       static_cast<char>(head.rtm_dst_len),
                       static_cast<char>(head.rtm_tos)} +
           part(RTA_DST) + '/' + part(RTA_TABLE) + '/' + part(RTA_PRIORITY) + '/' + part(RTA_SRC);
}

Result<void> read_routes(Channel& channel, Snapshot& into)
{
    const auto all = channel.list(make_packet(RTM_GETROUTE, 0, rtmsg{}));
    if (!all) {
        return all.error();
    }
    std::set<std::string> seen;
    for (const Packet& told : *all) {
        if (told.type != RTM_NEWROUTE) {
            continue;
        }
        const bool first = seen.insert(key_of(told)).second;
        if (leads_through(told, into.holder.index) && is_to_be_moved(told)) {
            Packet route = told;
            route.flags = first ? NLM_F_REPLACE : NLM_F_APPEND;
            into.routes.push_back(std::move(route));
        }
    }
    // A gateway is accepted only where a route to it is there.
    std::ranges::stable_sort(into.routes, {}, [](const Packet& route) {
        return attribute(route, RTA_GATEWAY) || attribute(route, RTA_VIA) || attribute(route, RTA_MULTIPATH);
    });
    return {};
}

template <class Wanted>
Result<void> read(Channel& channel, const Packet& request, std::vector<Packet>& into, Wanted wanted)
{
    auto all = channel.list(request);
    if (!all) {
        return std::move(all).error();
    }
    std::ranges::copy_if(*all, std::back_inserter(into), wanted);
    return {};
}

/// Kernels before 5.3 have no nexthop objects, and that is no error.
void read_nexthops(Channel& channel, Snapshot& into)
{
    (void)read(channel, make_packet(RTM_GETNEXTHOP, 0, nhmsg{}), into.nexthops, [&into](const Packet& told) {
        return static_cast<int>(number(told, NHA_OIF).value_or(0)) == into.holder.index;
    });
}

Result<void> read_neighbours(Channel& channel, Snapshot& into)
{
    const auto of_link = [&into](const Packet& told) {
        const auto head = header_of<ndmsg>(told);
        constexpr auto known = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
        const bool proxy = (head.ndm_flags & NTF_PROXY) != 0;
        const bool internet = head.ndm_family == AF_INET || head.ndm_family == AF_INET6;
        return internet && head.ndm_ifindex == into.holder.index && (proxy || (head.ndm_state & known) != 0);
    };
    ndmsg proxies{};
    proxies.ndm_flags = NTF_PROXY;
    auto done = read(channel, make_packet(RTM_GETNEIGH, 0, ndmsg{}), into.neighbours, of_link);
    return done ? read(channel, make_packet(RTM_GETNEIGH, 0, proxies), into.neighbours, of_link) : done;
}

/// What IPv6 does by itself on a link.
void read_automatism(std::string_view specific, Snapshot& into)
{
    const auto inet6 = attribute_in(specific, AF_INET6);
    if (!inet6) {
        return;
    }
    if (const auto mode = attribute_in(*inet6, IFLA_INET6_ADDR_GEN_MODE); mode && !mode->empty()) {
        into.generation_mode = static_cast<std::uint8_t>(mode->front());
    }
    const auto settings = attribute_in(*inet6, IFLA_INET6_CONF);
    const auto setting = [&settings](std::size_t which) -> std::int32_t {
        std::int32_t value = 0;
        if (settings && settings->size() >= (which + 1) * sizeof(value)) {
            std::memcpy(&value, settings->data() + which * sizeof(value), sizeof(value));
        }
        return value;
    };
    const auto accepts = setting(DEVCONF_ACCEPT_RA);
    into.kernel_routers = accepts == 2 || (accepts == 1 && setting(DEVCONF_FORWARDING) == 0);
}

Result<void> read_link(Channel& channel, Snapshot& into)
{
    const auto links = channel.list(make_packet(RTM_GETLINK, 0, ifinfomsg{}));
    if (!links) {
        return links.error();
    }
    for (const Packet& told : *links) {
        const auto specific = attribute(told, IFLA_AF_SPEC);
        if (header_of<ifinfomsg>(told).ifi_index == into.holder.index && specific) {
            read_automatism(*specific, into);
        }
    }
    return {};
}

}  // namespace

std::int64_t boot_time_ms()
{
    timespec now{};
    (void)::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

Result<Snapshot> take_snapshot(Channel& channel, const Holder& holder)
{
    Snapshot snapshot{.holder = holder, .taken_ms = boot_time_ms()};
    const auto names_it = [&holder](const Packet& told) {
        return text(told, FRA_IIFNAME) == holder.name || text(told, FRA_OIFNAME) == holder.name;
    };
    const auto hangs_on_it = [&holder](const Packet& told) {
        return static_cast<int>(header_of<ifaddrmsg>(told).ifa_index) == holder.index;
    };
    auto done = read_link(channel, snapshot);
    if (done) {
        done = read(channel, make_packet(RTM_GETADDR, 0, ifaddrmsg{}), snapshot.addresses, hangs_on_it);
    }
    if (done) {
        done = read_routes(channel, snapshot);
    }
    if (done) {
        done = read(channel, make_packet(RTM_GETRULE, 0, fib_rule_hdr{}), snapshot.rules, names_it);
    }
    if (done) {
        done = read_neighbours(channel, snapshot);
    }
    if (!done) {
        return std::move(done).error();
    }
    read_nexthops(channel, snapshot);
    return snapshot;
}

}  // namespace kvmkit::net
