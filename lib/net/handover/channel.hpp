// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "net/handover/packet.hpp"
#include "net/netlink/kernel_error.hpp"

#include <span>
#include <vector>

namespace kvmkit::net {

/// A message on its way to the kernel, and the errnos that mean that it is so already.
struct Order {
    Packet packet;
    std::vector<int> harmless = {};
    std::string doing = {};  ///< "cannot attach port 'eth0' to 'br0'"; empty: said from the packet.
};

/// Raw rtnetlink in the network namespace current at open(): many messages in one system call, and every answer looked
/// at. Its buffers take the answers of a whole batch.
class Channel {
public:
    static Result<Channel> open();

    /// Everything of one kind, as the kernel tells it. Read again, at most ten times, if it changes meanwhile.
    Result<std::vector<Packet>> list(const Packet& request);

    /// Sends all orders in as few system calls as the buffers allow, usually one. The first refusal that is not
    /// harmless is the Error; the kernel goes on past it, so that the later ones have been tried, too.
    Result<void> send(std::span<const Order> orders);

    /// Listens to changes of links, then again until `reached` says yes after one; ErrorCode::timeout.
    static Result<UniqueFd> link_events();

private:
    explicit Channel(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
    Result<std::vector<Packet>> list_once(const Packet& request, bool& changed);
    Result<void> send_some(std::span<const Order> orders);

    UniqueFd fd_;
    std::uint32_t sequence_ = 0;
};

}  // namespace kvmkit::net
