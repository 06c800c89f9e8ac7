// SPDX-License-Identifier: Apache-2.0
#include "base/deadline.hpp"
#include "base/unique_fd.hpp"
#include "net/doctor/read_facts.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// The group that spanning trees speak to.
constexpr std::array<unsigned char, ETH_ALEN> group{0x01, 0x80, 0xC2, 0x00, 0x00, 0x00};
constexpr std::size_t longest = 64;

/// All protocols, since a bridge takes the frames of its ports away from listeners of a single one; the kernel keeps
/// back what does not go to the group.
Result<UniqueFd> open_listener()
{
    UniqueFd listener{::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
    if (!listener) {
        return errno_error(errno, "cannot listen for BPDUs", "this needs root (CAP_NET_RAW)");
    }
    std::array<sock_filter, 6> code{{{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
                                     {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 0x0180C200},
                                     {BPF_LD | BPF_H | BPF_ABS, 0, 0, 4},
                                     {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0},
                                     {BPF_RET | BPF_K, 0, 0, longest},
                                     {BPF_RET | BPF_K, 0, 0, 0}}};
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    if (::setsockopt(listener.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0) {
        return errno_error(errno, "cannot listen for BPDUs");
    }
    sockaddr_ll everything{};
    everything.sll_family = AF_PACKET;
    everything.sll_protocol = htons(ETH_P_ALL);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&everything), sizeof(everything)) != 0) {
        return errno_error(errno, "cannot listen for BPDUs");
    }
    return listener;
}

/// Cards keep back what is sent to groups that nobody joined. A link that is gone or no Ethernet link joins none.
void join(const UniqueFd& listener, int link)
{
    packet_mreq membership{};
    membership.mr_ifindex = link;
    membership.mr_type = PACKET_MR_MULTICAST;
    membership.mr_alen = ETH_ALEN;
    std::memcpy(membership.mr_address, group.data(), group.size());
    static_cast<void>(::setsockopt(listener.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof(membership)));
}

/// A frame: 14 bytes of Ethernet, 3 of LLC, then the BPDU; a configuration says who sent it. Absent: another protocol.
std::optional<std::string> sender_in(const std::array<unsigned char, longest>& frame, std::size_t size)
{
    constexpr std::size_t llc = 14;
    constexpr std::size_t sender = llc + 3 + 17;
    if (size < llc + 3 || frame[llc] != 0x42 || frame[llc + 1] != 0x42) {
        return std::nullopt;
    }
    if (size < sender + 8) {
        return "";
    }
    const std::size_t type = llc + 3 + 3;
    if (frame[type] == 0x80) {
        return "";
    }
    const auto* const from = frame.begin() + sender;
    return fmt::format("{:02x}.{:02x}", fmt::join(from, from + 2, ""), fmt::join(from + 2, from + 8, ""));
}

std::optional<Bpdu> next_bpdu(const UniqueFd& listener)
{
    std::array<unsigned char, longest> frame{};
    sockaddr_ll from{};
    socklen_t length = sizeof(from);
    const auto size = ::recvfrom(
        listener.get(), frame.data(), frame.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
    if (size <= 0 || from.sll_pkttype == PACKET_OUTGOING) {
        return std::nullopt;
    }
    const auto sender = sender_in(frame, static_cast<std::size_t>(size));
    return sender ? std::optional{Bpdu{from.sll_ifindex, *sender}} : std::nullopt;
}

}  // namespace

Result<std::vector<Bpdu>> listen_for_bpdus(const std::vector<int>& links, std::chrono::milliseconds time, int stop)
{
    const auto listener = open_listener();
    if (!listener) {
        return listener.error();
    }
    for (const int link : links) {
        join(*listener, link);
    }
    std::vector<Bpdu> heard;
    const auto is_heard = [&heard](int link) { return std::ranges::find(heard, link, &Bpdu::link) != heard.end(); };
    const auto deadline = Deadline::after(time);
    while (!deadline.passed() && !std::ranges::all_of(links, is_heard)) {
        std::array<pollfd, 2> events{pollfd{listener->get(), POLLIN, 0}, pollfd{stop, POLLIN, 0}};
        const int ready = ::poll(events.data(), events.size(), static_cast<int>(deadline.left().count()));
        if (ready > 0 && events[1].revents != 0) {
            return Error{ErrorCode::interrupted, "interrupted"};
        }
        const auto bpdu = next_bpdu(*listener);
        if (bpdu && std::ranges::find(links, bpdu->link) != links.end() && !is_heard(bpdu->link)) {
            heard.push_back(*bpdu);
        }
    }
    return heard;
}

}  // namespace kvmkit::net
