// SPDX-License-Identifier: Apache-2.0
#include "virt/address/tap.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

constexpr std::size_t most_frames = 256;
constexpr std::size_t longest_frame = 2048;

/// ARP; UDP from or to ports 67 and 68; ICMPv6. A jump's two numbers are how many instructions it skips.
std::array<sock_filter, 17> interesting()
{
    constexpr std::uint16_t load_half = BPF_LD | BPF_H | BPF_ABS;
    constexpr std::uint16_t load_byte = BPF_LD | BPF_B | BPF_ABS;
    constexpr std::uint16_t equal = BPF_JMP | BPF_JEQ | BPF_K;
    return {{{load_half, 0, 0, 12},
             {equal, 13, 0, ETHERTYPE_ARP},
             {equal, 0, 3, ETHERTYPE_IPV6},
             {load_byte, 0, 0, 20},
             {equal, 10, 0, IPPROTO_ICMPV6},
             {BPF_JMP | BPF_JA, 0, 0, 10},
             {equal, 0, 9, ETHERTYPE_IP},
             {load_byte, 0, 0, 23},
             {equal, 0, 7, IPPROTO_UDP},
             {load_half, 0, 0, 20},
             {BPF_JMP | BPF_JSET | BPF_K, 5, 0, 0x1fff},  // a later fragment has no ports
             {BPF_LDX | BPF_B | BPF_MSH, 0, 0, 14},
             {BPF_LD | BPF_H | BPF_IND, 0, 0, 14},
             {equal, 1, 0, 67},
             {equal, 0, 1, 68},
             {BPF_RET | BPF_K, 0, 0, longest_frame},
             {BPF_RET | BPF_K, 0, 0, 0}}};
}

}  // namespace

Result<TapListener> TapListener::open(const std::string& link)
{
    const auto doing = fmt::format("cannot listen on link '{}'", link);
    const unsigned index = ::if_nametoindex(link.c_str());
    if (index == 0) {
        return errno_error(errno, doing);
    }
    // Bound to no protocol until the filter is in place: nothing else gets in before.
    UniqueFd socket{::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    auto code = interesting();
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
        return errno_error(errno, doing, "reading frames needs root or CAP_NET_RAW");
    }
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(index);
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the socket API's own way
    if (::bind(socket.get(), plain, sizeof address) != 0) {
        return errno_error(errno, doing);
    }
    return TapListener{std::move(socket)};
}

void TapListener::take(const std::function<void(std::string_view)>& see) const
{
    std::array<char, longest_frame> frame{};
    for (std::size_t i = 0; i < most_frames; ++i) {
        const auto got = ::recv(socket_.get(), frame.data(), frame.size(), MSG_DONTWAIT);
        if (got <= 0) {
            return;  // nothing more, or the VM's end took the link away
        }
        see({frame.data(), static_cast<std::size_t>(got)});
    }
}

}  // namespace kvmkit::virt
