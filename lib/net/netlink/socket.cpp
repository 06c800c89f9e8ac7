// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/socket.hpp"

#include "net/netlink/internal/acknowledgement.hpp"

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <new>
#include <string_view>

namespace kvmkit::net {
namespace {

constexpr std::size_t part_of_a_list = 32768;  // the kernel sends no larger ones

/// The answers to one request. They are read where they lie: libnl would copy each.
class Answers {
public:
    Answers(const OnAnswer& on_answer, std::uint32_t number) : on_answer_(on_answer), number_(number) {}

    [[nodiscard]] bool finished() const noexcept { return finished_; }

    [[nodiscard]] std::optional<KernelRefusal> refusal() &&
    {
        return interrupted_ && !refusal_ ? from_libnl(-NLE_DUMP_INTR) : std::move(refusal_);
    }

    /// Takes what comes next; false, and errno, where nothing comes.
    bool take_some(int fd)
    {
        const ssize_t size = ::recv(fd, buffer_.data(), buffer_.size(), MSG_TRUNC);  // tells the whole size
        if (size <= 0) {
            errno = size == 0 ? EIO : errno;
            return errno == EINTR;
        }
        if (static_cast<std::size_t>(size) > buffer_.size()) {
            errno = EMSGSIZE;
            return false;
        }
        auto left = static_cast<unsigned>(size);
        auto* answer = reinterpret_cast<nlmsghdr*>(buffer_.data());
        for (; NLMSG_OK(answer, left) && !finished_; answer = NLMSG_NEXT(answer, left)) {
            if (answer->nlmsg_seq == number_) {  // others were meant for a request that was given up
                take(answer);
            }
        }
        return true;
    }

private:
    void take(nlmsghdr* answer)
    {
        interrupted_ = interrupted_ || (answer->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
        if (answer->nlmsg_type == NLMSG_ERROR) {
            auto told = read_acknowledgement(answer);
            refusal_ = told.errnum != 0 ? std::optional{std::move(told)} : std::nullopt;
            finished_ = true;
        } else if (answer->nlmsg_type == NLMSG_DONE) {
            const std::string_view told{static_cast<const char*>(nlmsg_data(answer)),
                                        static_cast<std::size_t>(nlmsg_datalen(answer))};
            if (const int problem = errno_at_the_end(told); problem != 0) {
                refusal_ = KernelRefusal{problem};
            }
            finished_ = true;
        } else if (answer->nlmsg_type >= NLMSG_MIN_TYPE && on_answer_) {
            on_answer_(answer);
        }
    }

    const OnAnswer& on_answer_;
    std::uint32_t number_;
    std::optional<KernelRefusal> refusal_;
    bool interrupted_ = false;
    bool finished_ = false;
    alignas(nlmsghdr) std::array<char, part_of_a_list> buffer_{};
};

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
    if (const int problem = nl_send_auto(get(), request.get()); problem < 0) {
        return from_libnl(problem);
    }
    Answers answers{on_answer, nlmsg_hdr(request.get())->nlmsg_seq};
    while (!answers.finished()) {
        if (!answers.take_some(nl_socket_get_fd(get()))) {
            return KernelRefusal{errno == EAGAIN ? ETIMEDOUT : errno};
        }
    }
    return std::move(answers).refusal();
}

}  // namespace kvmkit::net
