// SPDX-License-Identifier: Apache-2.0
#include "net/handover/channel.hpp"

#include "net/handover/words.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kvmkit::net {
namespace {

constexpr int buffer_bytes = 8 * 1024 * 1024;
/// The kernel charges about 1 KiB of the receive buffer for each answer that waits.
constexpr std::size_t orders_at_once = 4096;
/// Below the smallest send buffer that a kernel gives without privilege.
constexpr std::size_t bytes_at_once = 128UL * 1024UL;

void set_option(int fd, int level, int option, int value)
{
    (void)::setsockopt(fd, level, option, &value, sizeof(value));
}

Error broken(std::string_view doing)
{
    return errno_error(errno, doing);
}

void append(std::string& bytes, const Packet& packet, std::uint32_t sequence, std::uint16_t flags)
{
    nlmsghdr head{};
    head.nlmsg_len = static_cast<std::uint32_t>(NLMSG_HDRLEN + packet.payload.size());
    head.nlmsg_type = packet.type;
    head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | packet.flags | flags);
    head.nlmsg_seq = sequence;
    bytes.append(reinterpret_cast<const char*>(&head), sizeof(head)).append(packet.payload);
    bytes.resize(NLMSG_ALIGN(bytes.size()), '\0');
}

/// Calls visit(header, payload) for each message of a datagram.
template <class Visit>
void for_each_message(std::string_view datagram, Visit visit)
{
    while (datagram.size() >= sizeof(nlmsghdr)) {
        nlmsghdr head{};
        std::memcpy(&head, datagram.data(), sizeof(head));
        if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > datagram.size()) {
            return;
        }
        visit(head, datagram.substr(NLMSG_HDRLEN, head.nlmsg_len - NLMSG_HDRLEN));
        datagram.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(head.nlmsg_len), datagram.size()));
    }
}

KernelRefusal refusal_from(const nlmsghdr& head, std::string_view payload)
{
    nlmsgerr answer{};
    std::memcpy(&answer, payload.data(), std::min(payload.size(), sizeof(answer)));
    KernelRefusal refusal{-answer.error};
    if ((head.nlmsg_flags & NLM_F_ACK_TLVS) != 0 && payload.size() > sizeof(answer)) {
        std::size_t skip = sizeof(answer);
        if ((head.nlmsg_flags & NLM_F_CAPPED) == 0) {
            skip += NLMSG_ALIGN(answer.msg.nlmsg_len) - sizeof(nlmsghdr);
        }
        const auto words = attribute_in(payload.substr(std::min(skip, payload.size())), NLMSGERR_ATTR_MSG);
        refusal.text = words ? std::string{words->substr(0, words->find('\0'))} : "";
    }
    return refusal;
}

/// What the kernel has told of a list so far.
struct Listing {
    std::uint32_t sequence = 0;
    bool done = false;
    bool changed = false;
    std::optional<Error> refused = {};
    std::vector<Packet> found = {};

    void take(const nlmsghdr& head, std::string_view payload)
    {
        if (head.nlmsg_seq != sequence) {
            return;
        }
        changed = changed || (head.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (head.nlmsg_type == NLMSG_DONE && errno_at_the_end(payload) != 0) {
            refuse({errno_at_the_end(payload)});
        }
        done = done || head.nlmsg_type == NLMSG_DONE || head.nlmsg_type == NLMSG_ERROR;
        if (head.nlmsg_type == NLMSG_ERROR) {
            refuse(refusal_from(head, payload));
        } else if (!done) {
            found.push_back({head.nlmsg_type, 0, std::string{payload}});
        }
    }

    void refuse(const KernelRefusal& refusal)
    {
        refused = to_error(refusal, {Request::list, "cannot list the network"});
    }
};

}  // namespace

Result<Channel> Channel::open()
{
    UniqueFd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
    const sockaddr_nl kernel{AF_NETLINK, 0, 0, 0};
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&kernel), sizeof(kernel)) != 0) {
        return broken("cannot open a netlink socket");
    }
    set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes);
    set_option(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, buffer_bytes);
    set_option(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, 1);
    set_option(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, 1);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return Channel{std::move(fd)};
}

Result<UniqueFd> Channel::link_events()
{
    UniqueFd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
    const sockaddr_nl links{AF_NETLINK, 0, 0, RTMGRP_LINK};
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&links), sizeof(links)) != 0) {
        return broken("cannot watch the links");
    }
    return fd;
}

Result<std::vector<Packet>> Channel::list(const Packet& request)
{
    constexpr int attempts = 10;
    for (int i = 0; i < attempts; ++i) {
        bool changed = false;
        auto found = list_once(request, changed);
        if (!found || !changed) {
            return found;
        }
    }
    return Error{ErrorCode::external, "cannot list the network: it kept changing while it was listed"};
}

Result<std::vector<Packet>> Channel::list_once(const Packet& request, bool& changed)
{
    std::string bytes;
    append(bytes, request, ++sequence_, NLM_F_DUMP);
    if (::send(fd_.get(), bytes.data(), bytes.size(), 0) < 0) {
        return broken("cannot ask the kernel");
    }
    Listing listing{.sequence = sequence_};
    const auto take = [&listing](const nlmsghdr& head, std::string_view payload) { listing.take(head, payload); };
    std::array<char, 65536> buffer{};
    while (!listing.done) {
        const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC);  // tells the whole size
        if (size < 0) {
            return broken("cannot hear the kernel's answer");
        }
        if (static_cast<std::size_t>(size) > buffer.size()) {
            return errno_error(EMSGSIZE, "cannot hear the kernel's answer");
        }
        for_each_message({buffer.data(), static_cast<std::size_t>(size)}, take);
    }
    changed = changed || listing.changed;
    return listing.refused ? Result<std::vector<Packet>>{*listing.refused}
                           : Result<std::vector<Packet>>{std::move(listing.found)};
}

Result<void> Channel::send(std::span<const Order> orders)
{
    Result<void> first;
    while (!orders.empty()) {
        std::size_t count = 0;
        std::size_t bytes = 0;
        while (count < orders.size() && count < orders_at_once && (count == 0 || bytes < bytes_at_once)) {
            bytes += NLMSG_HDRLEN + orders[count++].packet.payload.size();
        }
        auto sent = send_some(orders.first(count));
        if (!sent && first) {
            first = std::move(sent);
        }
        orders = orders.subspan(count);
    }
    return first;
}

Result<void> Channel::send_some(std::span<const Order> orders)
{
    std::string bytes;
    const std::uint32_t before = sequence_;
    for (const Order& order : orders) {
        append(bytes, order.packet, ++sequence_, NLM_F_ACK);
    }
    if (::send(fd_.get(), bytes.data(), bytes.size(), 0) < 0) {
        return broken("cannot send to the kernel");
    }
    Result<void> first;
    std::array<char, 65536> buffer{};
    for (std::size_t answered = 0; answered < orders.size();) {
        const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
        if (size < 0) {
            return broken("cannot hear the kernel's answers");
        }
        const auto take = [&](const nlmsghdr& head, std::string_view payload) {
            const std::size_t place = head.nlmsg_seq - before - 1U;
            if (head.nlmsg_type != NLMSG_ERROR || place >= orders.size()) {
                return;
            }
            ++answered;
            const Order& order = orders[place];
            const auto refusal = refusal_from(head, payload);
            const bool harmless =
                refusal.errnum == 0 || std::ranges::find(order.harmless, refusal.errnum) != order.harmless.end();
            if (!harmless && first) {
                first = refusal_of(order, refusal);
            }
        };
        for_each_message({buffer.data(), static_cast<std::size_t>(size)}, take);
    }
    return first;
}

}  // namespace kvmkit::net
