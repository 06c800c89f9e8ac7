// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/socket.hpp"

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/handlers.h>
#include <netlink/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
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

/// The kernel's words stand in attributes behind the error; the request's payload may stand between.
std::string extended_text(nlmsghdr* header, nlmsgerr* error)
{
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
        return {};
    }
    std::size_t skip = sizeof(nlmsgerr);
    if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) {
        skip += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(nlmsghdr);
    }
    std::array<nlattr*, NLMSGERR_ATTR_MAX + 1> attributes{};
    if (nlmsg_parse(header, static_cast<int>(skip), attributes.data(), NLMSGERR_ATTR_MAX, nullptr) < 0 ||
        attributes[NLMSGERR_ATTR_MSG] == nullptr) {
        return {};
    }
    return nla_get_string(attributes[NLMSGERR_ATTR_MSG]);
}

int on_error(sockaddr_nl* /*from*/, nlmsgerr* error, void* context)
{
    auto* const header = reinterpret_cast<nlmsghdr*>(reinterpret_cast<char*>(error) - NLMSG_HDRLEN);
    auto* const exchange = static_cast<Exchange*>(context);
    exchange->refusal = KernelRefusal{-error->error, extended_text(header, error)};
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
    if (const int problem = nl_connect(socket.get(), protocol); problem < 0) {
        return to_error(from_libnl(problem), Request::list, "cannot open a netlink socket");
    }
    const int fd = nl_socket_get_fd(socket.get());
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
