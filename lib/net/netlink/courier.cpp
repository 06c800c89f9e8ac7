// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/courier.hpp"

#include "net/netlink/internal/acknowledgement.hpp"
#include "txn/fault.hpp"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kvmkit::net {
namespace {

/// What the kernel charges of the receive buffer for an answer that waits there, at most.
constexpr std::size_t charge = 1024;
constexpr int buffer_bytes = 256 * 1024;
constexpr std::size_t most_bytes = 64UL * 1024UL;

void set_option(int fd, int level, int option, int value)
{
    // Kernels before 4.12 have no extended errors, and without privilege buffers stay as small as they are.
    (void)::setsockopt(fd, level, option, &value, sizeof(value));
}

struct Item {
    std::string_view request;
    std::size_t parcel = 0;  ///< Whose it is.
};

}  // namespace

/// Requests on their way, and whose they are.
struct Courier::Load {
    std::uint32_t first = 0;  ///< The number of the first one.
    std::string bytes = {};
    std::vector<std::size_t> owners = {};  ///< The parcel of each request.
    std::vector<std::size_t> begins = {};  ///< Where each request begins.

    void put(const Item& item)
    {
        const auto number = static_cast<std::uint32_t>(first + begins.size());
        begins.push_back(bytes.size());
        owners.push_back(item.parcel);
        bytes.append(item.request);
        std::memcpy(bytes.data() + begins.back() + offsetof(nlmsghdr, nlmsg_seq), &number, sizeof(number));
    }

    [[nodiscard]] std::string_view request(std::size_t place) const
    {
        const auto end = place + 1 < begins.size() ? begins[place + 1] : bytes.size();
        return std::string_view{bytes}.substr(begins[place], end - begins[place]);
    }
};

/// Takes the kernel's answers until there is one for each request, or no more come.
class Courier::Answers {
public:
    Answers(int fd, const Load& load) : fd_(fd), load_(load) {}

    /// false: answers were lost.
    Result<bool> take_all()
    {
        bool lost = false;
        while (answered_ < load_.owners.size()) {
            const ssize_t size = ::recv(fd_, buffer_.data(), buffer_.size(), lost ? MSG_DONTWAIT : 0);
            if (size >= 0) {
                take(static_cast<int>(size));
            } else if (errno == ENOBUFS) {
                lost = true;  // the requests were carried out: the kernel does that while it is sent them
            } else if (lost && errno == EAGAIN) {
                return false;
            } else if (errno != EINTR) {
                return errno_error(errno == EAGAIN ? ETIMEDOUT : errno, "cannot hear the kernel's answers");
            }
        }
        return true;
    }

    KernelRefusal refusal_ = {};  ///< The first one; errnum 0: none.
    std::size_t place_ = 0;       ///< Of the request that it is about.

private:
    void take(int size)
    {
        auto* answer = reinterpret_cast<nlmsghdr*>(buffer_.data());
        for (; NLMSG_OK(answer, static_cast<unsigned>(size)); answer = NLMSG_NEXT(answer, size)) {
            const std::size_t place = answer->nlmsg_seq - load_.first;
            if (answer->nlmsg_type != NLMSG_ERROR || place >= load_.owners.size()) {
                continue;
            }
            ++answered_;
            auto refusal = read_acknowledgement(answer);
            if (refusal.errnum != 0 && refusal_.errnum == 0) {
                place_ = place;
                refusal_ = std::move(refusal);
            }
        }
    }

    int fd_;
    const Load& load_;
    std::size_t answered_ = 0;
    alignas(nlmsghdr) std::array<char, 8192> buffer_{};
};

Result<Courier> Courier::open()
{
    UniqueFd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
    const sockaddr_nl us{AF_NETLINK, 0, 0, 0};
    if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&us), sizeof(us)) != 0) {
        return errno_error(errno, "cannot open a netlink socket");
    }
    set_option(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes);
    set_option(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, buffer_bytes);
    set_option(fd.get(), SOL_NETLINK, NETLINK_EXT_ACK, 1);
    set_option(fd.get(), SOL_NETLINK, NETLINK_CAP_ACK, 1);
    const timeval patience{.tv_sec = 60, .tv_usec = 0};
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return Courier{std::move(fd)};
}

std::size_t Courier::room() const
{
    int bytes = 0;
    socklen_t size = sizeof(bytes);
    const bool told = ::getsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, &size) == 0 && bytes > 0;
    return std::max<std::size_t>(told ? static_cast<std::size_t>(bytes) / charge : 0, 1);
}

std::size_t Courier::fitting(std::span<const Parcel> parcels) const
{
    const std::size_t most = room();
    std::size_t requests = 0;
    std::size_t count = 0;
    for (const Parcel& parcel : parcels) {
        requests += parcel.requests.size();
        const bool alone = parcel.switch_.has_value();
        // What takes away waits until all that came before is known to be there.
        const bool turns = count > 0 && parcel.takes_away && !parcels[count - 1].takes_away;
        if (count > 0 && (requests > most || alone || turns)) {
            break;
        }
        ++count;
        if (alone) {
            break;
        }
    }
    return std::max<std::size_t>(count, 1);
}

Result<void> Courier::send(const Load& load, std::span<const Parcel> parcels, Receipt& receipt)
{
    sequence_ += static_cast<std::uint32_t>(load.owners.size());
    if (::send(fd_.get(), load.bytes.data(), load.bytes.size(), 0) < 0) {
        return errno_error(errno, "cannot send to the kernel");
    }
    Answers answers{fd_.get(), load};
    const auto all = answers.take_all();
    if (!all) {
        return all.error();
    }
    receipt.complete = receipt.complete && *all;
    if (answers.refusal_.errnum != 0) {
        const auto owner = load.owners[answers.place_];
        const auto offset = answers.refusal_.offset;
        receipt.refused = Refused{
            .parcel = owner,
            .error = to_error(answers.refusal_, parcels[owner].attempt),
            .attribute = offset ? attribute_at(load.request(answers.place_), *offset) : std::vector<std::uint16_t>{},
            .words = answers.refusal_.text};
    }
    return {};
}

Result<Receipt> Courier::deliver(std::span<const Parcel> parcels)
{
    std::vector<Item> items;
    for (std::size_t parcel = 0; parcel < parcels.size(); ++parcel) {
        for (const std::string& request : parcels[parcel].requests) {
            items.push_back({request, parcel});
        }
    }
    Receipt receipt;
    for (std::size_t next = 0; next < items.size() && !receipt.refused;) {
        if (auto fault = txn::fault_point(txn::Moment::request, sequence_); !fault) {
            ++sequence_;  // once is enough: undoing goes this way, too
            return fault.error();
        }
        Load load{.first = sequence_ + 1};
        const auto count = std::min(room(), items.size() - next);
        while (load.owners.size() < count && load.bytes.size() < most_bytes) {
            if (!load.owners.empty() && txn::fault_armed(txn::Moment::request, sequence_ + load.owners.size())) {
                break;
            }
            load.put(items[next++]);
        }
        if (auto sent = send(load, parcels, receipt); !sent) {
            return sent.error();
        }
    }
    return receipt;
}

}  // namespace kvmkit::net
