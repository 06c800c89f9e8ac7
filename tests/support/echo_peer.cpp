// SPDX-License-Identifier: Apache-2.0
// Measures the packets that a change of the network costs, by UDP echo:
//   echo-peer serve                      answers on port 7777, IPv4 and IPv6, until it is killed
//   echo-peer measure ADDRESS RATE MS    sends RATE packets a second for MS milliseconds, waits for the last answers,
//   and
//                                        prints {"sent":N,"lost":N,"gap_ms":X,"late_ms":X}: the longest run of packets
//                                        that were lost, and the longest time that an answer took
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;
constexpr std::uint16_t port = 7777;

sockaddr_in6 address_of(const std::string& text)
{
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    const std::string mapped = text.find(':') == std::string::npos ? "::ffff:" + text : text;
    if (::inet_pton(AF_INET6, mapped.c_str(), &address.sin6_addr) != 1) {
        std::fprintf(stderr, "echo-peer: no address: %s\n", text.c_str());
        std::_Exit(2);
    }
    return address;
}

int serve(int socket)
{
    const sockaddr_in6 own = address_of("::");
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0) {
        return 1;
    }
    for (;;) {
        std::uint32_t number = 0;
        sockaddr_in6 from{};
        socklen_t size = sizeof(from);
        if (::recvfrom(socket, &number, sizeof(number), 0, reinterpret_cast<sockaddr*>(&from), &size) ==
            sizeof(number)) {
            (void)::sendto(socket, &number, sizeof(number), 0, reinterpret_cast<const sockaddr*>(&from), size);
        }
    }
}

struct Tally {
    std::vector<Clock::time_point> sent;
    std::vector<double> answered_ms;  ///< Negative: not yet.
};

void take_answers(int socket, Tally& tally)
{
    std::uint32_t number = 0;
    while (::recv(socket, &number, sizeof(number), MSG_DONTWAIT) == sizeof(number)) {
        if (number < tally.sent.size()) {
            tally.answered_ms.at(number) = Milliseconds{Clock::now() - tally.sent.at(number)}.count();
        }
    }
}

void print(const Tally& tally, double interval_ms)
{
    std::size_t lost = 0;
    std::size_t run = 0;
    std::size_t longest = 0;
    double latest = 0;
    for (const double answered : tally.answered_ms) {
        run = answered < 0 ? run + 1 : 0;
        lost += answered < 0 ? 1 : 0;
        longest = std::max(longest, run);
        latest = std::max(latest, answered);
    }
    std::printf("{\"sent\":%zu,\"lost\":%zu,\"gap_ms\":%.3f,\"late_ms\":%.3f}\n",
                tally.sent.size(),
                lost,
                static_cast<double>(longest) * interval_ms,
                latest);
}

int measure(int socket, const std::string& peer, double rate, double duration_ms)
{
    const sockaddr_in6 to = address_of(peer);
    const auto start = Clock::now();
    const double interval_ms = 1000.0 / rate;
    const auto count = static_cast<std::size_t>(duration_ms / interval_ms);
    constexpr double last_answers_ms = 300;
    Tally tally;
    tally.sent.reserve(count);
    tally.answered_ms.assign(count, -1);
    for (double now = 0; now < duration_ms + last_answers_ms; now = Milliseconds{Clock::now() - start}.count()) {
        while (tally.sent.size() < count && now >= static_cast<double>(tally.sent.size()) * interval_ms) {
            const auto number = static_cast<std::uint32_t>(tally.sent.size());
            tally.sent.push_back(Clock::now());
            (void)::sendto(
                socket, &number, sizeof(number), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
        }
        take_answers(socket, tally);
        pollfd waiting{socket, POLLIN, 0};
        const timespec nap{.tv_sec = 0, .tv_nsec = 100'000};
        (void)::ppoll(&waiting, 1, &nap, nullptr);
    }
    print(tally, interval_ms);
    return 0;
}

}  // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> words(argv + 1, argv + argc);
    const int socket = ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int both = 0;
    (void)::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof(both));
    if (words.size() == 1 && words[0] == "serve") {
        return serve(socket);
    }
    if (words.size() == 4 && words[0] == "measure") {
        return measure(socket, words[1], std::stod(words[2]), std::stod(words[3]));
    }
    std::fputs("usage: echo-peer serve | measure ADDRESS RATE MS\n", stderr);
    return 2;
}
