// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_handle.hpp"
#include "net/netlink/internal/message.hpp"
#include "net/netlink/kernel_error.hpp"

#include <netlink/socket.h>

#include <functional>
#include <optional>

namespace kvmkit::net {

/// Called with each answer to a request, in order.
using OnAnswer = std::function<void(nlmsghdr*)>;

/// A netlink socket of one protocol, in the network namespace current at open(). Asks the kernel for its own words on
/// each error (NETLINK_EXT_ACK). Waits at most 10 s for an answer.
class Socket {
public:
    static Result<Socket> open(int protocol);

    /// Sends a request and reads its answers up to the acknowledgement or the end of the list. A list that changed
    /// while it was read is an EINTR: its answers must be thrown away.
    std::optional<KernelRefusal> exchange(const Message& request, const OnAnswer& on_answer = {});

    [[nodiscard]] nl_sock* get() const noexcept { return socket_.get(); }

private:
    using Handle = UniqueHandle<nl_sock, nl_socket_free>;
    explicit Socket(Handle socket) noexcept : socket_(std::move(socket)) {}
    Handle socket_;
};

/// What libnl itself reports, as an errno: its codes are negative and not errno values.
KernelRefusal from_libnl(int nl_error);

}  // namespace kvmkit::net
