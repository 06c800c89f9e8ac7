// SPDX-License-Identifier: Apache-2.0
#include "probe/ipv4_claims.hpp"

#include "base/unique_fd.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>

namespace kvmkit {
namespace {

constexpr std::size_t answer_bytes = 65536;
constexpr std::size_t alignment = 4;
constexpr unsigned whole = 32;
using Bytes = std::span<const unsigned char>;
using Claims = std::vector<Ipv4Claim>;

std::size_t aligned(std::size_t size)
{
    return (size + alignment - 1) / alignment * alignment;
}

/// The value at the beginning of some bytes; zeroes where they are too few.
template <class T>
T front_of(Bytes bytes)
{
    T value{};
    if (bytes.size() >= sizeof value) {
        std::memcpy(&value, bytes.data(), sizeof value);
    }
    return value;
}

Bytes tail(Bytes bytes, std::size_t from)
{
    return bytes.subspan(std::min(from, bytes.size()));
}

/// The payload of the first attribute of a kind.
std::optional<Bytes> attribute(Bytes attributes, unsigned kind)
{
    while (attributes.size() >= sizeof(rtattr)) {
        const auto head = front_of<rtattr>(attributes);
        if (head.rta_len < sizeof(rtattr) || head.rta_len > attributes.size()) {
            return std::nullopt;
        }
        if ((head.rta_type & NLA_TYPE_MASK) == kind) {
            return attributes.subspan(sizeof(rtattr), head.rta_len - sizeof(rtattr));
        }
        attributes = tail(attributes, aligned(head.rta_len));
    }
    return std::nullopt;
}

/// An address as a number; absent where the attribute is not there.
std::optional<std::uint32_t> address_in(Bytes attributes, unsigned kind)
{
    const auto bytes = attribute(attributes, kind);
    if (!bytes || bytes->size() < 4) {
        return std::nullopt;
    }
    const auto& b = *bytes;
    return std::uint32_t{b[0]} << 24U | std::uint32_t{b[1]} << 16U | std::uint32_t{b[2]} << 8U | std::uint32_t{b[3]};
}

std::string name_of(unsigned index)
{
    std::array<char, IF_NAMESIZE> name{};
    return index != 0 && ::if_indextoname(index, name.data()) != nullptr ? name.data() : "";
}

void take_address(Bytes body, Claims& claims)
{
    const auto head = front_of<ifaddrmsg>(body);
    const auto attributes = tail(body, aligned(sizeof head));
    const auto far = address_in(attributes, IFA_ADDRESS);
    auto near = address_in(attributes, IFA_LOCAL);
    near = near ? near : far;
    const auto device = name_of(head.ifa_index);
    if (head.ifa_family == AF_INET && near && device != "lo") {
        // Of a point-to-point link the prefix is that of the other end, to which a route leads.
        const unsigned prefix = far && *far != *near ? whole : head.ifa_prefixlen;
        claims.push_back({Ipv4Claim::Kind::address, device, range_around(*near, prefix), *near});
    }
}

void take_gateway(Bytes attributes, const std::string& device, Claims& claims)
{
    if (const auto gateway = address_in(attributes, RTA_GATEWAY)) {
        claims.push_back({Ipv4Claim::Kind::gateway, device, {*gateway, whole}, *gateway});
    }
}

/// The gateways of a route with several.
void take_hops(Bytes hops, Claims& claims)
{
    while (hops.size() >= sizeof(rtnexthop)) {
        const auto head = front_of<rtnexthop>(hops);
        if (head.rtnh_len < sizeof head || head.rtnh_len > hops.size()) {
            return;
        }
        take_gateway(hops.subspan(sizeof head, head.rtnh_len - sizeof head),
                     name_of(static_cast<unsigned>(head.rtnh_ifindex)),
                     claims);
        hops = tail(hops, aligned(head.rtnh_len));
    }
}

void take_route(Bytes body, Claims& claims)
{
    const auto head = front_of<rtmsg>(body);
    const bool leads_away = head.rtm_type != RTN_LOCAL && head.rtm_type != RTN_BROADCAST &&
                            head.rtm_type != RTN_MULTICAST && head.rtm_type != RTN_ANYCAST;
    if (head.rtm_family != AF_INET || !leads_away || (head.rtm_flags & RTM_F_CLONED) != 0) {
        return;
    }
    const auto attributes = tail(body, aligned(sizeof head));
    const auto index = attribute(attributes, RTA_OIF);
    const auto device = index ? name_of(front_of<unsigned>(*index)) : std::string{};
    const auto target = address_in(attributes, RTA_DST);
    if (target && head.rtm_dst_len > 0 && device != "lo") {
        claims.push_back({Ipv4Claim::Kind::route, device, range_around(*target, head.rtm_dst_len), 0});
    }
    take_gateway(attributes, device, claims);
    if (const auto hops = attribute(attributes, RTA_MULTIPATH)) {
        take_hops(*hops, claims);
    }
}

enum class DumpState { more, done, torn };

/// Reads one datagram of a dump.
Result<DumpState> take_datagram(Bytes datagram, Claims& claims)
{
    while (datagram.size() >= sizeof(nlmsghdr)) {
        const auto head = front_of<nlmsghdr>(datagram);
        if (head.nlmsg_len < sizeof head || head.nlmsg_len > datagram.size()) {
            return DumpState::torn;
        }
        const auto body = datagram.subspan(sizeof head, head.nlmsg_len - sizeof head);
        if ((head.nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
            return DumpState::torn;
        }
        switch (head.nlmsg_type) {
            case NLMSG_DONE: return DumpState::done;
            case NLMSG_ERROR: return errno_error(-front_of<int>(body), "cannot list addresses and routes");
            case RTM_NEWADDR: take_address(body, claims); break;
            case RTM_NEWROUTE: take_route(body, claims); break;
            default: break;
        }
        datagram = tail(datagram, aligned(head.nlmsg_len));
    }
    return DumpState::more;
}

/// Asks for all of one kind. Torn: it changed meanwhile.
Result<DumpState> dump(int fd, std::uint16_t kind, Claims& claims)
{
    struct Request {
        nlmsghdr head;
        rtgenmsg body;
    };
    Request request{};
    request.head.nlmsg_len = sizeof request;
    request.head.nlmsg_type = kind;
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.body.rtgen_family = AF_INET;
    if (::send(fd, &request, sizeof request, 0) < 0) {
        return errno_error(errno, "cannot ask the kernel for addresses and routes");
    }
    std::vector<unsigned char> buffer(answer_bytes);
    for (;;) {
        const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno_error(errno, "cannot read addresses and routes");
        }
        auto answer = take_datagram(Bytes{buffer}.first(static_cast<std::size_t>(got)), claims);
        if (!answer || *answer != DumpState::more) {
            return answer;
        }
    }
}

Result<DumpState> dump_all(Claims& claims)
{
    const UniqueFd fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)};
    if (!fd) {
        return errno_error(errno, "cannot open a netlink socket");
    }
    const timeval patience{5, 0};  // the kernel answers at once; a broken one must not hang us
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto addresses = dump(fd.get(), RTM_GETADDR, claims);
    return addresses && *addresses == DumpState::done ? dump(fd.get(), RTM_GETROUTE, claims) : addresses;
}

}  // namespace

Result<std::vector<Ipv4Claim>> ask_ipv4_claims()
{
    constexpr int attempts = 5;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        Claims claims;
        const auto answer = dump_all(claims);
        if (!answer) {
            return answer.error();
        }
        if (*answer == DumpState::done) {
            return claims;
        }
    }
    return Error{ErrorCode::busy, "cannot list addresses and routes: they change all the time"};
}

}  // namespace kvmkit
