// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/socket.hpp"

#include "net/netlink/internal/acknowledgement.hpp"

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <netlink/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

namespace kvmkit::net {
namespace {

using Callbacks = UniqueHandle<nl_cb, nl_cb_put>;

/// One request on its way.
struct Exchange {
    const OnAnswer& on_answer;
    std::optional<KernelRefusal> refusal;
    bool finished = false;
};

int on_error(sockaddr_nl* /*from*/, nlmsgerr* error, void* context)
{
    auto* const header = reinterpret_cast<nlmsghdr*>(reinterpret_cast<char*>(error) - NLMSG_HDRLEN);
    auto* const exchange = static_cast<Exchange*>(context);
    exchange->refusal = read_acknowledgement(header);
    exchange->finished = true;
    return NL_SKIP;
}

int on_message(nl_msg* message, void* context)
{
    const auto* const exchange = static_cast<const Exchange*>(context);
    if (exchange->on_answer) {
        exchange->on_answer(nlmsg_hdr(message));
    }
    return NL_OK;
}

int on_end(nl_msg* /*message*/, void* context)
{
    static_cast<Exchange*>(context)->finished = true;
    return NL_STOP;
}

void set_option(int fd, int level, int option, int value)
{
    // Kernels before 4.12 have no extended errors: bare errnos then.
    (void)::setsockopt(fd, level, option, &value, sizeof(value));
}

}  // namespace

KernelRefusal from_libnl(int nl_error)
{
    switch (-nl_error) {
        case NLE_AGAIN: return {ETIMEDOUT};
        case NLE_DUMP_INTR: return {EINTR, "the links kept changing while they were listed"};
        case NLE_NOMEM: return {ENOBUFS};
        case NLE_PERM: return {EPERM};
        default: return {EIO, nl_geterror(nl_error)};
    }
}

Result<Socket> Socket::open(int protocol)
{
    Handle socket{nl_socket_alloc()};
    if (!socket) {
        throw std::bad_alloc{};
    }
    // What a list comes in; without one libnl asks for the size of each part before it takes it.
    constexpr std::size_t part_of_a_list = 32768;
    nl_socket_disable_msg_peek(socket.get());
    (void)nl_socket_set_msg_buf_size(socket.get(), part_of_a_list);
    if (const int problem = nl_connect(socket.get(), protocol); problem < 0) {
        return to_error(from_libnl(problem), {Request::list, "cannot open a netlink socket"});
    }
    const int fd = nl_socket_get_fd(socket.get());
    // libnl asks for 32 KiB, and may get less: in a small buffer a list ends with ENOBUFS. Without privilege that stays
    // so.
    constexpr int buffer_bytes = 1024 * 1024;
    set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes);
    set_option(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    set_option(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return Socket{std::move(socket)};
}

std::optional<KernelRefusal> Socket::exchange(const Message& request, const OnAnswer& on_answer)
{
    const Callbacks callbacks{nl_cb_alloc(NL_CB_DEFAULT)};
    if (!callbacks) {
        throw std::bad_alloc{};
    }
    Exchange exchange{on_answer, std::nullopt};
    nl_cb_err(callbacks.get(), NL_CB_CUSTOM, on_error, &exchange);
    nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, on_message, &exchange);
    nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, on_end, &exchange);
    nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, on_end, &exchange);

    if (const int problem = nl_send_auto(get(), request.get()); problem < 0) {
        return from_libnl(problem);
    }
    bool interrupted = false;
    while (!exchange.finished) {
        const int problem = nl_recvmsgs(get(), callbacks.get());
        interrupted = interrupted || problem == -NLE_DUMP_INTR;
        if (problem < 0 && !interrupted) {
            return from_libnl(problem);
        }
    }
    if (interrupted && !exchange.refusal) {
        return from_libnl(-NLE_DUMP_INTR);
    }
    return exchange.refusal;
}

}  // namespace kvmkit::net
