// SPDX-License-Identifier: Apache-2.0
#include "virt/ready/banner.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
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

constexpr std::chrono::milliseconds after_a_failure{200};
constexpr std::chrono::seconds for_one_call{5};
/// Five calls at once at most: sshd begins to turn strangers away at ten (MaxStartups).
constexpr std::chrono::seconds between_calls{1};
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
    std::erase_if(calls_, [this](Call& call) { return !goes_on(call); });
    if (!banner_ && (!pause_ || pause_->passed())) {
        call(address);
    }
    if (banner_) {
        calls_.clear();
    }
}

std::vector<int> BannerProbe::fds() const
{
    std::vector<int> all;
    all.reserve(calls_.size());
    for (const Call& call : calls_) {
        if (call.taken) {
            all.push_back(call.socket.get());
        }
    }
    return all;
}

void BannerProbe::call(const Address& address)
{
    pause_ = Deadline::after(between_calls);
    const Place place = place_of(address);
    UniqueFd socket{::socket(place.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const auto* plain = reinterpret_cast<const sockaddr*>(&place.storage);  // NOLINT: the socket API's own way
    if (!socket || (::connect(socket.get(), plain, place.size) != 0 && errno != EINPROGRESS)) {
        failed(text_of(errno));
        return;
    }
    Call made{.socket = std::move(socket), .limit = Deadline::after(for_one_call)};
    if (goes_on(made)) {
        calls_.push_back(std::move(made));
    }
}

/// False: this call is over, with or without a greeting.
bool BannerProbe::goes_on(Call& call)
{
    if (call.limit.passed()) {
        return failed(call.taken ? "the call was taken, but nobody greeted" : "no answer to the call");
    }
    return is_taken(call) && (!call.taken || reads_on(call));
}

/// False: it was refused.
bool BannerProbe::is_taken(Call& call)
{
    pollfd wait{call.socket.get(), POLLOUT, 0};
    if (call.taken || ::poll(&wait, 1, 0) != 1) {
        return true;
    }
    int problem = 0;
    socklen_t size = sizeof problem;
    (void)::getsockopt(call.socket.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
    call.taken = problem == 0;
    return call.taken || failed(text_of(problem));
}

/// A server may send lines of its own before the one that begins with "SSH-".
bool BannerProbe::reads_on(Call& call)
{
    std::array<char, longest_greeting> bytes{};
    const auto got = ::recv(call.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (got <= 0) {
        return failed(got == 0 ? "it hung up without a greeting" : text_of(errno));
    }
    call.greeting.append(bytes.data(), static_cast<std::size_t>(got));
    for (const auto line : lines(call.greeting)) {
        if (line.starts_with("SSH-") && call.greeting.find('\n') != std::string::npos) {
            banner_ = printable(trim(line), longest_greeting);
        }
    }
    constexpr std::size_t enough = 8192;
    return !banner_ && (call.greeting.size() <= enough || failed("who answers there is no SSH server"));
}

bool BannerProbe::failed(std::string why)
{
    problem_ = std::move(why);
    pause_ = Deadline::after(after_a_failure);
    return false;
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
