// SPDX-License-Identifier: Apache-2.0
#include "net/handover/fixed_neighbours.hpp"

#include "net/handover/rewrite.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {

Result<std::vector<Order>> orders_for_neighbours(Channel& channel, std::span<const Holder> links)
{
    const auto all = channel.list(make_packet(RTM_GETNEIGH, 0, ndmsg{}));
    if (!all) {
        return all.error();
    }
    std::vector<Order> orders;
    for (const Packet& told : *all) {
        const auto head = header_of<ndmsg>(told);
        const bool internet = head.ndm_family == AF_INET || head.ndm_family == AF_INET6;
        const auto link = std::ranges::find(links, head.ndm_ifindex, &Holder::index);
        if (internet && link != links.end() && (head.ndm_state & NUD_PERMANENT) != 0) {
            const Snapshot own{.holder = *link};
            orders.push_back({Rewriter{own, *link, 0}.neighbour(told),
                              {},
                              fmt::format("cannot keep the neighbours of '{}'", link->name)});
        }
    }
    return orders;
}

}  // namespace kvmkit::net
