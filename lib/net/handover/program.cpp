// SPDX-License-Identifier: Apache-2.0
#include "net/handover/program.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// IPv4 addresses in the kernel's order, primaries before their secondaries; IPv6 ones from the last, since the kernel
/// puts each new one first.
std::vector<Packet> in_order_of_adding(const std::vector<Packet>& addresses)
{
    std::vector<Packet> ipv4;
    std::vector<Packet> ipv6;
    for (const Packet& address : addresses) {
        auto& list = header_of<ifaddrmsg>(address).ifa_family == AF_INET ? ipv4 : ipv6;
        list.push_back(address);
    }
    ipv4.insert(ipv4.end(), ipv6.rbegin(), ipv6.rend());
    return ipv4;
}

Order master_order(const Move& move)
{
    ifinfomsg head{};
    head.ifi_index = move.port_index;
    Packet packet = make_packet(RTM_SETLINK, 0, head);
    const bool attach = move.port == Move::Port::attach;
    put_number(packet, IFLA_MASTER, attach ? static_cast<std::uint32_t>(move.bridge_index) : 0U);
    return {std::move(packet),
            {},
            attach ? fmt::format("cannot attach port '{}' to '{}'", move.from.name, move.to.name)
                   : fmt::format("cannot release port '{}'", move.to.name)};
}

class Writer {
public:
    Writer(const Snapshot& snapshot, const Move& move, std::int64_t now_ms)
        : snapshot_(snapshot),
          move_(move),
          here_(snapshot, move.to, now_ms),
          there_(snapshot, move.from, now_ms),
          addresses_(in_order_of_adding(snapshot.addresses))
    {
    }

    [[nodiscard]] Program write() const
    {
        Program program;
        stage(program.stage);
        if (move_.port == Move::Port::attach) {
            program.batch.push_back(master_order(move_));
        }
        put_on(program.batch);
        for (const Packet& told : snapshot_.rules) {
            program.batch.push_back({there_.without_rule(told), {ENOENT, ESRCH}});
        }
        if (move_.from.index != 0) {
            take_off(program.batch);
            clear(program.finish);
        }
        if (move_.port == Move::Port::release) {
            program.batch.push_back(master_order(move_));
        }
        put_on_unproven(program.finish);
        return program;
    }

private:
    void stage(std::vector<Order>& orders) const
    {
        for (const Packet& told : addresses_) {
            if (!is_unproven(told)) {
                orders.push_back({here_.waiting_address(told), {EEXIST}});
            }
        }
        for (const Packet& told : snapshot_.neighbours) {
            orders.push_back({here_.neighbour(told), {EINVAL, EOPNOTSUPP, ENOENT}});
        }
    }

    void put_on(std::vector<Order>& orders) const
    {
        for (const Packet& told : addresses_) {
            if (!is_unproven(told)) {
                orders.push_back({here_.final_address(told)});
            }
        }
        for (const Packet& told : snapshot_.nexthops) {
            orders.push_back({here_.nexthop(told)});
        }
        for (const Packet& told : snapshot_.routes) {
            if (!here_.comes_with_an_address(told)) {
                orders.push_back({here_.route(told), {EEXIST}});
            }
        }
        for (const Packet& told : snapshot_.rules) {
            orders.push_back({here_.rule(told), {EEXIST}});
        }
    }

    /// What may be another host's: the kernel looks for that host again, now that the port is where it is to be.
    void put_on_unproven(std::vector<Order>& orders) const
    {
        for (const Packet& told : addresses_) {
            if (is_unproven(told)) {
                orders.push_back({here_.final_address(told), {EEXIST}});
            }
        }
    }

    void take_off(std::vector<Order>& orders) const
    {
        // Secondaries before their primaries: the kernel would take them away together, or make one of them primary.
        for (auto told = addresses_.rbegin(); told != addresses_.rend(); ++told) {
            orders.push_back({there_.without_address(*told), {EADDRNOTAVAIL, ENODEV}});
        }
        for (const Packet& told : snapshot_.routes) {
            if (attribute(told, RTA_NH_ID)) {
                continue;  // followed its nexthop
            }
            orders.push_back({there_.without_route(told), {ESRCH, ENODEV, ENETUNREACH, EINVAL}});
        }
    }

    void clear(std::vector<Order>& orders) const
    {
        for (const Packet& told : snapshot_.neighbours) {
            if (is_fixed(told)) {
                orders.push_back({there_.without_neighbour(told), {ENOENT, ENODEV, ENXIO, ESRCH}});
            }
        }
    }

    const Snapshot& snapshot_;
    const Move& move_;
    Rewriter here_;
    Rewriter there_;
    std::vector<Packet> addresses_;
};

}  // namespace

Program make_program(const Snapshot& snapshot, const Move& move, std::int64_t now_ms)
{
    return Writer{snapshot, move, now_ms}.write();
}

}  // namespace kvmkit::net
