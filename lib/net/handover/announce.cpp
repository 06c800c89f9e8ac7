// SPDX-License-Identifier: Apache-2.0
#include "net/handover/announce.hpp"

#include "net/handover/frame.hpp"
#include "net/handover/rewrite.hpp"
#include "net/handover/staying.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::string_view all_stations{"\xff\xff\xff\xff\xff\xff", 6};
constexpr std::string_view all_nodes_mac{"\x33\x33\x00\x00\x00\x01", 6};

void send(int socket, const Holder& link, std::uint16_t protocol, std::string_view to, std::string_view payload)
{
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = link.index;
    address.sll_protocol = htons(protocol);
    address.sll_halen = static_cast<std::uint8_t>(to.size());
    std::copy(to.begin(), to.end(), address.sll_addr);
    (void)::sendto(socket,
                   payload.data(),
                   payload.size(),
                   MSG_DONTWAIT,
                   reinterpret_cast<const sockaddr*>(&address),
                   sizeof(address));
}

/// As the kernel answers there itself.
Role role_on(const Holder& link)
{
    const auto path = fmt::format("/proc/sys/net/ipv6/conf/{}/forwarding", link.name);
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    const auto forwards = file ? read_all(file.get(), path, 64).value_or("") : "";
    return forwards.empty() || forwards.front() == '0' ? Role::host : Role::router;
}

}  // namespace

std::string arp_announcement(const MacAddress& mac, std::string_view ipv4)
{
    return arp_frame(ArpOperation::request, {mac, ipv4}, ipv4);
}

std::string neighbour_announcement(const MacAddress& mac, std::string_view ipv6, Role role)
{
    const std::string all_nodes{"\xff\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16};
    constexpr unsigned char advertisement = 136;
    constexpr unsigned char override_flag = 0x20;
    constexpr unsigned char router_flag = 0x80;
    const auto flags = static_cast<char>(role == Role::router ? router_flag | override_flag : override_flag);
    std::string body{static_cast<char>(advertisement), '\0', '\0', '\0', flags, '\0', '\0', '\0'};
    body.append(ipv6).append(link_layer_option(2, mac));
    return icmpv6_frame(ipv6, all_nodes, std::move(body));
}

void announce(std::span<const Packet> addresses, const Holder& link, const MacAddress& mac)
{
    const UniqueFd socket{::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    if (!socket) {
        return;
    }
    const Role role = role_on(link);
    for (const Packet& packet : addresses) {
        const auto address = told_address(packet);
        if (!address || is_unproven(packet)) {
            continue;
        }
        if (address->family() == Family::ipv4) {
            send(socket.get(), link, ETH_P_ARP, all_stations, arp_announcement(mac, address->bytes()));
        } else {
            send(socket.get(), link, ETH_P_IPV6, all_nodes_mac, neighbour_announcement(mac, address->bytes(), role));
        }
    }
}

}  // namespace kvmkit::net
