// SPDX-License-Identifier: Apache-2.0
#include "base/unique_fd.hpp"
#include "net/model/address.hpp"
#include "net/proof/proof.hpp"

#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// A socket address of either family.
struct Target {
    sockaddr_storage address{};
    socklen_t size = 0;
};

Target target_of(const IpAddress& address, std::uint16_t port)
{
    Target target;
    const auto bytes = address.bytes();
    if (address.family() == Family::ipv4) {
        sockaddr_in own{};
        own.sin_family = AF_INET;
        own.sin_port = htons(port);
        std::memcpy(&own.sin_addr, bytes.data(), sizeof(own.sin_addr));
        std::memcpy(&target.address, &own, sizeof(own));
        target.size = sizeof(own);
    } else {
        sockaddr_in6 own{};
        own.sin6_family = AF_INET6;
        own.sin6_port = htons(port);
        std::memcpy(&own.sin6_addr, bytes.data(), sizeof(own.sin6_addr));
        std::memcpy(&target.address, &own, sizeof(own));
        target.size = sizeof(own);
    }
    return target;
}

bool becomes(int fd, short event, Deadline deadline)
{
    pollfd waiting{fd, event, 0};
    return ::poll(&waiting, 1, static_cast<int>(deadline.left().count())) > 0;
}

bool accepts(const Target& target, Deadline deadline)
{
    const UniqueFd fd{::socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const auto* where = reinterpret_cast<const sockaddr*>(&target.address);
    if (!fd || (::connect(fd.get(), where, target.size) != 0 && errno != EINPROGRESS)) {
        return false;
    }
    int problem = 0;
    socklen_t size = sizeof(problem);
    return becomes(fd.get(), POLLOUT, deadline) && ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &problem, &size) == 0 &&
           problem == 0;
}

unsigned short checksum(std::string_view bytes)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        std::uint16_t word = 0;
        std::memcpy(&word, bytes.data() + i, sizeof(word));
        sum += word;
    }
    sum = (sum & 0xffffU) + (sum >> 16U);
    return static_cast<unsigned short>(~((sum & 0xffffU) + (sum >> 16U)));
}

/// Raw, since sockets for echoes alone are switched off on many hosts; the kernel fills in ICMPv6's checksum.
bool echoes(const Target& target, Deadline deadline)
{
    const bool ipv4 = target.address.ss_family == AF_INET;
    const int protocol = ipv4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6};
    const UniqueFd fd{::socket(target.address.ss_family, SOCK_RAW | SOCK_CLOEXEC, protocol)};
    if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&target.address), target.size) != 0) {
        return false;
    }
    constexpr std::string_view name = "kvmkit probe";
    constexpr char request6 = '\x80';
    constexpr char reply6 = '\x81';
    std::string packet{ipv4 ? '\x08' : request6};
    packet.append(7, '\0').append(name);
    if (ipv4) {
        const auto sum = checksum(packet);
        std::memcpy(packet.data() + 2, &sum, sizeof(sum));
    }
    std::array<char, 2048> buffer{};
    (void)::send(fd.get(), packet.data(), packet.size(), MSG_DONTWAIT);
    while (becomes(fd.get(), POLLIN, deadline)) {
        const ssize_t size = ::recv(fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        std::string_view answer{buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
        if (ipv4 && !answer.empty()) {
            const auto header = (static_cast<unsigned char>(answer[0]) & 0x0fU) * 4U;
            answer.remove_prefix(std::min<std::size_t>(header, answer.size()));
        }
        if (!answer.empty() && answer[0] == (ipv4 ? '\0' : reply6) && answer.ends_with(name)) {
            return true;
        }
    }
    return false;
}

Error no_probe(const std::string& url)
{
    return {ErrorCode::usage,
            fmt::format("cannot probe '{}'", url),
            "write tcp://192.0.2.1:22, tcp://[2001:db8::1]:22, icmp://192.0.2.1 or icmp://[2001:db8::1]"};
}

}  // namespace

Result<Proof> probe_proof(const std::string& url)
{
    const auto mark = url.find("://");
    const auto kind = url.substr(0, mark);
    std::string rest = mark == std::string::npos ? "" : url.substr(mark + 3);
    std::uint16_t port = 0;
    if (kind == "tcp") {
        const auto colon = rest.rfind(':');
        const auto text = colon == std::string::npos ? "" : rest.substr(colon + 1);
        const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
        if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || port == 0) {
            return no_probe(url);
        }
        rest.resize(colon);
    } else if (kind != "icmp") {
        return no_probe(url);
    }
    if (rest.size() > 2 && rest.front() == '[' && rest.back() == ']') {
        rest = rest.substr(1, rest.size() - 2);
    }
    const auto address = IpAddress::parse(rest);
    if (!address) {
        return no_probe(url);
    }
    const Target target = target_of(*address, port);
    return Proof{fmt::format("{} answers", url), [target, kind](Deadline deadline) {
                     return kind == "tcp" ? accepts(target, deadline) : echoes(target, deadline);
                 }};
}

}  // namespace kvmkit::net
