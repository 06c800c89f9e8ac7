// SPDX-License-Identifier: Apache-2.0
#include "virt/ready/banner.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::chrono::milliseconds between_calls{200};
constexpr std::chrono::seconds for_one_call{5};
constexpr std::size_t longest_greeting = 255;  // RFC 4253

struct Place {
    sockaddr_storage storage{};
    socklen_t size = 0;
    int family = AF_UNSPEC;
};

Place place_of(const Address& address)
{
    Place place;
    sockaddr_in ipv4{};
    sockaddr_in6 ipv6{};
    if (::inet_pton(AF_INET, address.ip.c_str(), &ipv4.sin_addr) == 1) {
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = htons(address.ssh_port);
        std::memcpy(&place.storage, &ipv4, sizeof ipv4);
        place.size = sizeof ipv4;
        place.family = AF_INET;
    } else if (::inet_pton(AF_INET6, address.ip.c_str(), &ipv6.sin6_addr) == 1) {
        ipv6.sin6_family = AF_INET6;
        ipv6.sin6_port = htons(address.ssh_port);
        std::memcpy(&place.storage, &ipv6, sizeof ipv6);
        place.size = sizeof ipv6;
        place.family = AF_INET6;
    }
    return place;
}

std::string text_of(int number)
{
    return std::generic_category().message(number);
}

/// Type and key of each line: "HOST TYPE KEY"; marks and comments have fewer or other words.
std::set<std::string> keys_in(std::string_view text)
{
    std::set<std::string> keys;
    for (const auto line : lines(text)) {
        const auto fields = words(line);
        if (fields.size() >= 3 && !fields[0].starts_with('#')) {
            keys.insert(fmt::format("{} {}", fields[1], fields[2]));
        }
    }
    return keys;
}

}  // namespace

void BannerProbe::look(const Address& address)
{
    if (banner_) {
        return;
    }
    if (socket_ && limit_ && limit_->passed()) {
        give_up(calling_ ? "no answer to the call" : "the call was taken, but nobody greeted");
    }
    if (!socket_ && (!pause_ || pause_->passed())) {
        call(address);
    }
    if (socket_ && calling_) {
        take_call();
    }
    if (socket_ && !calling_) {
        read_greeting();
    }
}

void BannerProbe::call(const Address& address)
{
    const Place place = place_of(address);
    socket_ = UniqueFd{::socket(place.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    limit_ = Deadline::after(for_one_call);
    greeting_.clear();
    const auto* plain = reinterpret_cast<const sockaddr*>(&place.storage);  // NOLINT: the socket API's own way
    if (!socket_ || (::connect(socket_.get(), plain, place.size) != 0 && errno != EINPROGRESS)) {
        give_up(text_of(errno));
        return;
    }
    calling_ = true;
}

void BannerProbe::take_call()
{
    pollfd wait{socket_.get(), POLLOUT, 0};
    if (::poll(&wait, 1, 0) != 1) {
        return;
    }
    int problem = 0;
    socklen_t size = sizeof problem;
    (void)::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) {
        give_up(text_of(problem));
        return;
    }
    calling_ = false;
}

/// A server may send lines of its own before the one that begins with "SSH-".
void BannerProbe::read_greeting()
{
    std::array<char, longest_greeting> bytes{};
    const auto got = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        give_up(got == 0 ? "it hung up without a greeting" : text_of(errno));
        return;
    }
    greeting_.append(bytes.data(), static_cast<std::size_t>(got));
    for (const auto line : lines(greeting_)) {
        if (line.starts_with("SSH-") && greeting_.find('\n') != std::string::npos) {
            banner_ = printable(trim(line), longest_greeting);
        }
    }
    constexpr std::size_t enough = 8192;
    if (!banner_ && greeting_.size() > enough) {
        give_up("who answers there is no SSH server");
    }
    if (banner_) {
        socket_ = UniqueFd{};
    }
}

void BannerProbe::give_up(std::string why)
{
    problem_ = std::move(why);
    socket_ = UniqueFd{};
    calling_ = false;
    pause_ = Deadline::after(between_calls);
}

bool has_known_key(std::string_view scanned, std::string_view known_hosts)
{
    const auto known = keys_in(known_hosts);
    for (const auto& key : keys_in(scanned)) {
        if (known.contains(key)) {
            return true;
        }
    }
    return false;
}

bool shows_known_key(const HostKeyCheck& check, const Address& address)
{
    std::ifstream file{check.known_hosts};
    if (check.runner == nullptr || !file) {
        return true;
    }
    std::stringstream known;
    known << file.rdbuf();
    const auto asked =
        check.runner->run({.argv = {"ssh-keyscan", "-T", "3", "-p", fmt::format("{}", address.ssh_port), address.ip}});
    return !asked || has_known_key(asked->out, known.str());  // without ssh-keyscan nobody can tell
}

}  // namespace kvmkit::virt
