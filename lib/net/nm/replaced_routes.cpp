// SPDX-License-Identifier: Apache-2.0
#include "net/nm/replaced_routes.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>

namespace kvmkit::net {
namespace {

/// Where packets go and by which way, without the metric and whoever said so.
bool same_way(const Packet& one, const Packet& other)
{
    const auto head = header_of<rtmsg>(one);
    const auto other_head = header_of<rtmsg>(other);
    constexpr std::uint16_t told[] = {RTA_DST, RTA_SRC, RTA_TABLE, RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH};
    return head.rtm_family == other_head.rtm_family && head.rtm_dst_len == other_head.rtm_dst_len &&
           head.rtm_tos == other_head.rtm_tos && head.rtm_type == other_head.rtm_type &&
           std::ranges::all_of(told,
                               [&](std::uint16_t type) { return attribute(one, type) == attribute(other, type); });
}

bool same_metric(const Packet& one, const Packet& other)
{
    return number(one, RTA_PRIORITY).value_or(0) == number(other, RTA_PRIORITY).value_or(0);
}

bool has(const Snapshot& snapshot, const Packet& route)
{
    return std::ranges::any_of(
        snapshot.routes, [&route](const Packet& there) { return same_way(there, route) && same_metric(there, route); });
}

}  // namespace

std::vector<Packet> replaced_routes(const Snapshot& before, const Snapshot& after)
{
    std::vector<Packet> replaced;
    std::ranges::copy_if(after.routes, std::back_inserter(replaced), [&](const Packet& old) {
        return has(before, old) && std::ranges::any_of(after.routes, [&](const Packet& fresh) {
                   return same_way(old, fresh) && !same_metric(old, fresh) && !has(before, fresh);
               });
    });
    return replaced;
}

}  // namespace kvmkit::net
