// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/route_socket.hpp"

#include "base/unique_fd.hpp"
#include "net/handover/fixed_neighbours.hpp"
#include "net/netlink/internal/courier.hpp"
#include "net/netlink/internal/dump.hpp"
#include "net/netlink/internal/socket.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// A list of one family of things, read into the network.
std::optional<KernelRefusal> list(Socket& socket, int type, const OnAnswer& on_answer)
{
    const Message request{type, NLM_F_DUMP, rtgenmsg{AF_UNSPEC}};
    return socket.exchange(request, on_answer);
}

/// Kernels without VLAN filtering list no VLANs.
std::optional<KernelRefusal> list_vlans(Socket& socket, Network& network)
{
    ifinfomsg header{};
    header.ifi_family = AF_BRIDGE;
    Message request{RTM_GETLINK, NLM_F_DUMP, header};
    request.put_number(IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN_COMPRESSED);
    return socket.exchange(request, [&network](nlmsghdr* answer) { read_vlans(network, answer); });
}

/// The kernel lists them by a hash of their numbers. Each is moved once.
void put_in_order(std::vector<Link>& links)
{
    std::vector<std::pair<int, std::size_t>> order;
    order.reserve(links.size());
    for (std::size_t place = 0; place < links.size(); ++place) {
        order.emplace_back(links[place].index, place);
    }
    std::ranges::sort(order);
    std::vector<Link> sorted;
    sorted.reserve(links.size());
    for (const auto& [index, place] : order) {
        sorted.push_back(std::move(links[place]));
    }
    links = std::move(sorted);
}

/// Nobody here counts packets.
std::optional<KernelRefusal> list_links(Socket& socket, Network& network)
{
    Message request{RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}};
    request.put_number(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    auto refusal = socket.exchange(request, [&network](nlmsghdr* answer) { read_link(network, answer); });
    put_in_order(network.links);
    network.map = LinkMap{network.links};
    return refusal;
}

/// Addresses and routes find their links already there.
std::optional<KernelRefusal> read_all(Network& network, Socket& route, Socket& generic)
{
    network = {};
    auto refusal = list_links(route, network);
    if (!refusal) {
        refusal = list(route, RTM_GETADDR, [&network](nlmsghdr* answer) { read_address(network, answer); });
    }
    if (!refusal) {
        refusal = list(route, RTM_GETROUTE, [&network](nlmsghdr* answer) { read_route(network, answer); });
    }
    if (!refusal) {
        refusal = list_vlans(route, network);
    }
    return refusal ? refusal : read_wifi_clients(network, generic);
}

/// Throws away what the kernel told; its content is asked for anew.
void drain(int fd)
{
    std::array<char, 4096> buffer{};
    while (::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0 || errno == ENOBUFS) {
    }
}

/// IPv6 of a link is switched in the /proc/sys of the namespace that this process is in.
Result<void> switch_ipv6(const SetIpv6& step)
{
    const bool whole = step.what == Ipv6Switch::enabled;
    const auto* const setting = whole ? "disable_ipv6" : "autoconf";
    const auto file = fmt::format("/proc/sys/net/ipv6/conf/{}/{}", step.name.str(), setting);
    const UniqueFd fd{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
    if (!fd) {
        const int problem = errno;
        return errno_error(
            problem, fmt::format("cannot {}", describe(step)), "is IPv6 in this kernel? ls /proc/sys/net");
    }
    return write_all(fd.get(), step.on != whole ? "1\n" : "0\n", file);
}

/// Sends requests, and sets the neighbours again that the kernel forgets with them.
Result<Receipt> deliver_with_neighbours(Courier& courier, std::span<const Parcel> parcels)
{
    std::vector<Holder> links;
    for (const Parcel& parcel : parcels) {
        if (parcel.readdressed) {
            links.push_back(*parcel.readdressed);
        }
    }
    if (links.empty()) {
        return courier.deliver(parcels);
    }
    auto channel = Channel::open();
    const auto neighbours =
        channel ? orders_for_neighbours(*channel, links) : Result<std::vector<Order>>{channel.error()};
    if (!neighbours) {
        return neighbours.error();
    }
    auto receipt = courier.deliver(parcels);
    auto kept = channel->send(*neighbours);
    if (!kept && receipt && !receipt->refused) {
        receipt->refused = Refused{parcels.size() - 1, std::move(kept).error()};
    }
    return receipt;
}

}  // namespace

struct RouteSocket::Sockets {
    Socket route;
    Socket generic;
    Courier courier;
};

RouteSocket::RouteSocket(std::unique_ptr<Sockets> sockets) noexcept : sockets_(std::move(sockets)) {}
RouteSocket::RouteSocket(RouteSocket&& other) noexcept = default;
RouteSocket& RouteSocket::operator=(RouteSocket&& other) noexcept = default;
RouteSocket::~RouteSocket() = default;

Result<RouteSocket> RouteSocket::open()
{
    auto route = Socket::open(NETLINK_ROUTE);
    auto generic = Socket::open(NETLINK_GENERIC);
    auto courier = Courier::open();
    if (!route || !generic || !courier) {
        return !route ? std::move(route).error() : !generic ? std::move(generic).error() : std::move(courier).error();
    }
    return RouteSocket{std::make_unique<Sockets>(Sockets{std::move(*route), std::move(*generic), std::move(*courier)})};
}

Result<Network> RouteSocket::observe()
{
    constexpr int attempts = 10;
    Network network;
    std::optional<KernelRefusal> refusal;
    for (int i = 0; i < attempts; ++i) {
        refusal = read_all(network, sockets_->route, sockets_->generic);
        if (!refusal || refusal->errnum != EINTR) {
            break;
        }
    }
    if (refusal) {
        return to_error(*refusal, {Request::list, "cannot list the links"});
    }
    return network;
}

Result<Network> RouteSocket::wait_until(const std::function<Result<bool>(const Network&)>& reached, Deadline deadline)
{
    const auto events = Socket::open(NETLINK_ROUTE);
    if (!events) {
        return events.error();
    }
    if (const int problem = nl_socket_add_memberships(
            events->get(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NONE);
        problem < 0) {
        return to_error(from_libnl(problem), {Request::list, "cannot watch the links"});
    }
    for (;;) {
        auto network = observe();
        if (!network) {
            return network;
        }
        const auto answer = reached(*network);
        if (!answer || *answer) {
            return answer ? std::move(network) : answer.error();
        }
        if (deadline.passed()) {  // also where events never end
            return Error{ErrorCode::timeout, "the links did not get there in time"};
        }
        pollfd event{nl_socket_get_fd(events->get()), POLLIN, 0};
        (void)::poll(&event, 1, static_cast<int>(deadline.left().count()));
        drain(event.fd);
    }
}

Result<void> RouteSocket::make(const Action& action, const Network& network)
{
    auto parcel = pack(action, network);
    if (!parcel) {
        return std::move(parcel).error();
    }
    auto receipt = deliver({&*parcel, 1});
    if (!receipt || receipt->refused) {
        return !receipt ? std::move(receipt).error() : std::move(receipt->refused->error);
    }
    return {};
}

std::size_t RouteSocket::fitting(std::span<const Parcel> parcels) const
{
    return sockets_->courier.fitting(parcels);
}

Result<Receipt> RouteSocket::deliver(std::span<const Parcel> parcels)
{
    for (std::size_t place = 0; place < parcels.size(); ++place) {
        if (const auto& ipv6 = parcels[place].switch_) {
            if (auto switched = switch_ipv6(*ipv6); !switched) {
                return Receipt{Refused{place, std::move(switched).error()}};
            }
        }
    }
    return deliver_with_neighbours(sockets_->courier, parcels);
}

}  // namespace kvmkit::net
