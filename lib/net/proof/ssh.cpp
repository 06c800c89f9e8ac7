// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "net/proof/proof.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

struct Connection {
    std::string client;
    std::uint16_t client_port = 0;
    std::string server;
    std::uint16_t server_port = 0;
};

std::optional<Connection> parse(std::string_view text)
{
    std::array<std::string, 4> words;
    std::size_t count = 0;
    while (!text.empty() && count < words.size()) {
        const auto end = std::min(text.find(' '), text.size());
        words.at(count++) = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    const auto port = [](const std::string& word) {
        std::uint16_t value = 0;
        (void)std::from_chars(word.data(), word.data() + word.size(), value);
        return value;
    };
    Connection found{words[0], port(words[1]), words[2], port(words[3])};
    const bool sound = count == words.size() && text.empty() && found.client_port != 0 && found.server_port != 0;
    return sound ? std::optional{std::move(found)} : std::nullopt;
}

/// An IPv4 connection may be one of an IPv6 socket.
bool put_address(const std::string& text, int family, __be32* into)
{
    if (family == AF_INET6 && text.find(':') == std::string::npos) {
        return ::inet_pton(AF_INET6, ("::ffff:" + text).c_str(), into) == 1;
    }
    return ::inet_pton(family, text.c_str(), into) == 1;
}

struct Request {
    nlmsghdr head;
    inet_diag_req_v2 body;
};

std::optional<std::chrono::milliseconds> last_acknowledgement(std::string_view answer)
{
    nlmsghdr head{};
    if (answer.size() < NLMSG_HDRLEN + sizeof(inet_diag_msg)) {
        return std::nullopt;
    }
    std::memcpy(&head, answer.data(), sizeof(head));
    std::size_t place = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(inet_diag_msg));
    while (head.nlmsg_type == SOCK_DIAG_BY_FAMILY && place + sizeof(rtattr) <= answer.size()) {
        rtattr attribute{};
        std::memcpy(&attribute, answer.data() + place, sizeof(attribute));
        if (attribute.rta_len < sizeof(attribute) || place + attribute.rta_len > answer.size()) {
            break;
        }
        tcp_info info{};
        if (attribute.rta_type == INET_DIAG_INFO) {
            std::memcpy(&info,
                        answer.data() + place + sizeof(attribute),
                        std::min(sizeof(info), attribute.rta_len - sizeof(attribute)));
            return std::chrono::milliseconds{info.tcpi_last_ack_recv};
        }
        place += RTA_ALIGN(attribute.rta_len);
    }
    return std::nullopt;
}

/// How long ago the other end last acknowledged something; absent if there is no such connection here.
std::optional<std::chrono::milliseconds> silence_of(const Connection& connection, int family)
{
    Request request{};
    request.head.nlmsg_len = sizeof(request);
    request.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request.head.nlmsg_flags = NLM_F_REQUEST;
    request.body.sdiag_family = static_cast<std::uint8_t>(family);
    request.body.sdiag_protocol = IPPROTO_TCP;
    request.body.idiag_ext = 1U << (INET_DIAG_INFO - 1U);
    request.body.idiag_states = ~0U;
    auto& id = request.body.id;
    id.idiag_sport = htons(connection.server_port);
    id.idiag_dport = htons(connection.client_port);
    id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
    id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (!put_address(connection.server, family, id.idiag_src) ||
        !put_address(connection.client, family, id.idiag_dst)) {
        return std::nullopt;
    }
    const UniqueFd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
    const timeval patience{.tv_sec = 1, .tv_usec = 0};
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    std::array<char, 8192> buffer{};
    if (!socket || ::send(socket.get(), &request, sizeof(request), 0) < 0) {
        return std::nullopt;
    }
    const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    return size > 0 ? last_acknowledgement({buffer.data(), static_cast<std::size_t>(size)}) : std::nullopt;
}

std::optional<std::chrono::milliseconds> silence_of(const Connection& connection)
{
    const auto silence = silence_of(connection, AF_INET);
    return silence ? silence : silence_of(connection, AF_INET6);
}

/// The kernel counts the silence in ticks of up to 10 ms: an acknowledgement of the tick in which was written may look
/// older than what it answers. So there must have been a longer silence before.
bool is_acknowledged(const Connection& connection, const std::function<void()>& write, Deadline deadline)
{
    constexpr std::chrono::milliseconds granularity{20};
    constexpr int between_ms = 10;
    auto silence = silence_of(connection);
    while (silence && *silence < 2 * granularity && !deadline.passed()) {
        (void)::poll(nullptr, 0, between_ms);
        silence = silence_of(connection);
    }
    const auto written = Deadline::Clock::now();
    write();
    while (silence && !deadline.passed()) {
        const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - written);
        silence = silence_of(connection);
        if (silence && *silence <= since + granularity) {
            return true;
        }
        (void)::poll(nullptr, 0, between_ms);
    }
    return false;
}

}  // namespace

bool is_open_here(std::string_view connection)
{
    const auto found = parse(connection);
    return found && silence_of(*found);
}

std::optional<Proof> ssh_proof(std::string_view connection, std::function<void()> write)
{
    const auto parsed = parse(connection);
    if (!parsed) {
        return std::nullopt;
    }
    return Proof{fmt::format("your connection from {} answers", parsed->client),
                 [parsed = *parsed, write = std::move(write)](Deadline deadline) {
                     return is_acknowledged(parsed, write, deadline);
                 }};
}

}  // namespace kvmkit::net
