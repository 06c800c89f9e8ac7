// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/route_socket.hpp"

#include "net/netlink/internal/dump.hpp"
#include "net/netlink/internal/socket.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>
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

Result<void> judged(const std::optional<KernelRefusal>& refusal, Request request, const std::string& doing)
{
    return refusal ? Result<void>{to_error(*refusal, request, doing)} : Result<void>{};
}

ifinfomsg header_of(const Link& link)
{
    ifinfomsg header{};
    header.ifi_index = link.index;
    return header;
}

/// A list of one family of things, read into the network.
std::optional<KernelRefusal> list(Socket& socket, int type, const OnAnswer& on_answer)
{
    const Message request{type, NLM_F_DUMP, rtgenmsg{AF_UNSPEC}};
    return socket.exchange(request, on_answer);
}

/// Addresses and routes find their links already there.
std::optional<KernelRefusal> read_all(Network& network, Socket& route, Socket& generic)
{
    network = {};
    auto refusal = list(route, RTM_GETLINK, [&network](nlmsghdr* answer) { read_link(network, answer); });
    if (!refusal) {
        refusal = list(route, RTM_GETADDR, [&network](nlmsghdr* answer) { read_address(network, answer); });
    }
    if (!refusal) {
        refusal = list(route, RTM_GETROUTE, [&network](nlmsghdr* answer) { read_route(network, answer); });
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

Message address_message(int type, int flags, const Link& link, const InterfaceAddress& address)
{
    ifaddrmsg header{};
    header.ifa_family = address.family() == Family::ipv4 ? AF_INET : AF_INET6;
    header.ifa_prefixlen = static_cast<std::uint8_t>(address.prefix());
    header.ifa_index = static_cast<std::uint32_t>(link.index);
    Message message{type, flags, header};
    message.put(IFA_LOCAL, address.bytes()).put(IFA_ADDRESS, address.bytes());
    return message;
}

Message flags_message(const Link& link, bool up, std::optional<std::uint32_t> group)
{
    ifinfomsg header = header_of(link);
    header.ifi_change = IFF_UP;
    header.ifi_flags = up ? IFF_UP : 0;
    Message message{RTM_SETLINK, 0, header};
    if (group) {
        message.put_number(IFLA_GROUP, *group);
    }
    return message;
}

}  // namespace

struct RouteSocket::Sockets {
    Socket route;
    Socket generic;

    std::optional<KernelRefusal> set_master(const Link& port, int master)
    {
        Message message{RTM_SETLINK, 0, header_of(port)};
        message.put_number(IFLA_MASTER, static_cast<std::uint32_t>(master));
        return route.exchange(message);
    }
};

RouteSocket::RouteSocket(std::unique_ptr<Sockets> sockets) noexcept : sockets_(std::move(sockets)) {}
RouteSocket::RouteSocket(RouteSocket&& other) noexcept = default;
RouteSocket& RouteSocket::operator=(RouteSocket&& other) noexcept = default;
RouteSocket::~RouteSocket() = default;

Result<RouteSocket> RouteSocket::open()
{
    auto route = Socket::open(NETLINK_ROUTE);
    auto generic = Socket::open(NETLINK_GENERIC);
    if (!route || !generic) {
        return !route ? std::move(route).error() : std::move(generic).error();
    }
    return RouteSocket{std::make_unique<Sockets>(Sockets{std::move(*route), std::move(*generic)})};
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
        return to_error(*refusal, Request::list, "cannot list the links");
    }
    std::ranges::sort(network.links, {}, &Link::index);
    return network;
}

Result<void> RouteSocket::wait_until(const std::function<Result<bool>(const Network&)>& reached, Deadline deadline)
{
    const auto events = Socket::open(NETLINK_ROUTE);
    if (!events) {
        return events.error();
    }
    if (const int problem = nl_socket_add_memberships(
            events->get(), RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_NONE);
        problem < 0) {
        return to_error(from_libnl(problem), Request::list, "cannot watch the links");
    }
    for (;;) {
        const auto network = observe();
        if (!network) {
            return network.error();
        }
        const auto answer = reached(*network);
        if (!answer || *answer) {
            return answer ? Result<void>{} : Result<void>{answer.error()};
        }
        pollfd event{nl_socket_get_fd(events->get()), POLLIN, 0};
        if (::poll(&event, 1, static_cast<int>(deadline.left().count())) == 0 && deadline.passed()) {
            return Error{ErrorCode::timeout, "the links did not get there in time"};
        }
        drain(event.fd);
    }
}

Result<void> RouteSocket::create_bridge(const CreateBridge& bridge)
{
    Message message{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{}};
    const auto& octets = bridge.mac.octets();
    message.put_text(IFLA_IFNAME, bridge.name.str())
        .put(IFLA_ADDRESS, {reinterpret_cast<const char*>(octets.data()), octets.size()})
        .put_number(IFLA_GROUP, bridge.mark)
        .nest(IFLA_LINKINFO, [&bridge](Message& info) {
            info.put_text(IFLA_INFO_KIND, "bridge").nest(IFLA_INFO_DATA, [&bridge](Message& data) {
                for (const BridgeOption& option : bridge.options) {
                    data.put(option.type, option.bytes);
                }
            });
        });
    return judged(sockets_->route.exchange(message),
                  Request::create_bridge,
                  fmt::format("cannot create bridge '{}'", bridge.name.str()));
}

Result<void> RouteSocket::delete_link(const Link& link)
{
    const Message message{RTM_DELLINK, 0, header_of(link)};
    return judged(sockets_->route.exchange(message),
                  Request::delete_link,
                  fmt::format("cannot delete link '{}'", link.name.str()));
}

Result<void> RouteSocket::attach(const Link& port, const Link& bridge)
{
    return judged(sockets_->set_master(port, bridge.index),
                  Request::attach,
                  fmt::format("cannot attach port '{}' to '{}'", port.name.str(), bridge.name.str()));
}

Result<void> RouteSocket::release(const Link& port)
{
    return judged(
        sockets_->set_master(port, 0), Request::release, fmt::format("cannot release port '{}'", port.name.str()));
}

Result<void> RouteSocket::switch_up(const Link& link, std::optional<std::uint32_t> group)
{
    return judged(sockets_->route.exchange(flags_message(link, true, group)),
                  Request::change_link,
                  fmt::format("cannot switch link '{}' up", link.name.str()));
}

Result<void> RouteSocket::switch_down(const Link& link, std::optional<std::uint32_t> group)
{
    return judged(sockets_->route.exchange(flags_message(link, false, group)),
                  Request::change_link,
                  fmt::format("cannot switch link '{}' down", link.name.str()));
}

Result<void> RouteSocket::set_mtu(const Link& link, unsigned mtu)
{
    Message message{RTM_SETLINK, 0, header_of(link)};
    message.put_number(IFLA_MTU, mtu);
    return judged(sockets_->route.exchange(message),
                  Request::change_link,
                  fmt::format("cannot set the MTU of link '{}' to {}", link.name.str(), mtu));
}

Result<void> RouteSocket::add_address(const Link& link, const InterfaceAddress& address)
{
    return judged(sockets_->route.exchange(address_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, address)),
                  Request::add_address,
                  fmt::format("cannot add address '{}' to '{}'", address.str(), link.name.str()));
}

Result<void> RouteSocket::remove_address(const Link& link, const InterfaceAddress& address)
{
    return judged(sockets_->route.exchange(address_message(RTM_DELADDR, 0, link, address)),
                  Request::remove_address,
                  fmt::format("cannot remove address '{}' from '{}'", address.str(), link.name.str()));
}

}  // namespace kvmkit::net
