// SPDX-License-Identifier: Apache-2.0
#include "base/unique_fd.hpp"
#include "net/handover/channel.hpp"
#include "net/handover/frame.hpp"
#include "net/proof/proof.hpp"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr unsigned char solicitation = 135;
constexpr unsigned char advertisement = 136;
constexpr std::size_t ipv6_header = 40;

struct Gateway {
    int family = AF_INET;
    std::string address = {};
    int link = 0;

    bool operator==(const Gateway&) const = default;
};

std::vector<Gateway> gateways_now(Channel& channel)
{
    std::vector<Gateway> found;
    const auto routes = channel.list(make_packet(RTM_GETROUTE, 0, rtmsg{}));
    for (const Packet& route : routes ? *routes : std::vector<Packet>{}) {
        const auto head = header_of<rtmsg>(route);
        const auto via = attribute(route, RTA_GATEWAY);
        const auto out = number(route, RTA_OIF);
        const bool main = number(route, RTA_TABLE).value_or(head.rtm_table) == RT_TABLE_MAIN;
        if (main && head.rtm_dst_len == 0 && via && out) {
            const Gateway gateway{head.rtm_family, std::string{*via}, static_cast<int>(*out)};
            if (std::ranges::find(found, gateway) == found.end()) {
                found.push_back(gateway);
            }
        }
    }
    return found;
}

/// Ours on that link: a MAC, and an address of the gateway's family; for IPv6 the link-local one, which ND wants.
std::optional<std::pair<MacAddress, std::string>> own_station(Channel& channel, const Gateway& gateway)
{
    const auto links = channel.list(make_packet(RTM_GETLINK, 0, ifinfomsg{}));
    const auto addresses = channel.list(make_packet(RTM_GETADDR, 0, ifaddrmsg{}));
    if (!links || !addresses) {
        return std::nullopt;
    }
    std::string own;
    for (const Packet& told : *addresses) {
        const auto head = header_of<ifaddrmsg>(told);
        const bool here = static_cast<int>(head.ifa_index) == gateway.link && head.ifa_family == gateway.family;
        const bool fits = gateway.family == AF_INET || head.ifa_scope == RT_SCOPE_LINK;
        const auto bytes = attribute(told, gateway.family == AF_INET ? IFA_LOCAL : IFA_ADDRESS);
        if (here && fits && bytes && own.empty()) {
            own = *bytes;
        }
    }
    for (const Packet& told : *links) {
        const auto bytes = attribute(told, IFLA_ADDRESS);
        MacAddress::Octets octets{};
        if (header_of<ifinfomsg>(told).ifi_index == gateway.link && bytes && bytes->size() == octets.size()) {
            std::copy(bytes->begin(), bytes->end(), octets.begin());
            return own.empty() ? std::nullopt : std::optional{std::pair{MacAddress{octets}, own}};
        }
    }
    return std::nullopt;
}

sockaddr_ll packet_address(const Gateway& gateway)
{
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = gateway.link;
    address.sll_protocol = htons(gateway.family == AF_INET ? ETH_P_ARP : ETH_P_IPV6);
    address.sll_halen = ETH_ALEN;
    std::fill_n(address.sll_addr, ETH_ALEN, static_cast<unsigned char>(0xff));
    if (gateway.family == AF_INET6) {  // 33:33 and the last four bytes of the solicited-node group
        const std::string tail = gateway.address.substr(gateway.address.size() - 3);
        const std::string group = std::string{"\x33\x33\xff", 3} + tail;
        std::copy(group.begin(), group.end(), address.sll_addr);
    }
    return address;
}

std::string question(const Gateway& gateway, const MacAddress& mac, const std::string& own)
{
    if (gateway.family == AF_INET) {
        return arp_frame(ArpOperation::request, {mac, own}, gateway.address);
    }
    std::string body{static_cast<char>(solicitation)};
    body.append(7, '\0').append(gateway.address).append(link_layer_option(1, mac));
    const std::string group =
        std::string{"\xff\x02\0\0\0\0\0\0\0\0\0\x01\xff", 13} + gateway.address.substr(gateway.address.size() - 3);
    return icmpv6_frame(own, group, std::move(body));
}

bool is_answer(const Gateway& gateway, std::string_view frame)
{
    if (gateway.family == AF_INET) {  // operation 2, the sender's address behind its MAC
        return frame.size() >= 28 && frame[7] == '\x02' && frame.substr(14, 4) == gateway.address;
    }
    constexpr std::size_t target = ipv6_header + 8;
    return frame.size() >= target + 16 && frame[6] == IPPROTO_ICMPV6 &&
           static_cast<unsigned char>(frame[ipv6_header]) == advertisement &&
           frame.substr(target, 16) == gateway.address;
}

bool answer_comes(int socket, const Gateway& gateway, Deadline deadline)
{
    std::array<char, 2048> buffer{};
    while (!deadline.passed()) {
        pollfd waiting{socket, POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(deadline.left().count())) <= 0) {
            continue;
        }
        const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size > 0 && is_answer(gateway, {buffer.data(), static_cast<std::size_t>(size)})) {
            return true;
        }
    }
    return false;
}

bool answers(const Gateway& gateway, Channel& channel, Deadline deadline)
{
    const auto own = own_station(channel, gateway);
    const auto address = packet_address(gateway);
    const UniqueFd socket{::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    const auto* where = reinterpret_cast<const sockaddr*>(&address);
    if (!own || !socket || ::bind(socket.get(), where, sizeof(address)) != 0) {
        return false;
    }
    const auto asked = question(gateway, own->first, own->second);
    constexpr std::chrono::milliseconds between{300};
    while (!deadline.passed()) {
        (void)::sendto(socket.get(), asked.data(), asked.size(), MSG_DONTWAIT, where, sizeof(address));
        if (answer_comes(socket.get(), gateway, Deadline::after(std::min(between, deadline.left())))) {
            return true;
        }
    }
    return false;
}

/// The route may lead through another link by then.
bool still_answers(const Gateway& known, Deadline deadline)
{
    auto channel = Channel::open();
    if (!channel) {
        return false;
    }
    for (const Gateway& gateway : gateways_now(*channel)) {
        if (gateway.address == known.address && answers(gateway, *channel, deadline)) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::vector<Proof> gateway_proofs()
{
    std::vector<Proof> proofs;
    auto channel = Channel::open();
    if (!channel) {
        return proofs;
    }
    for (const Gateway& gateway : gateways_now(*channel)) {
        std::array<char, INET6_ADDRSTRLEN> text{};
        (void)::inet_ntop(gateway.family, gateway.address.data(), text.data(), text.size());
        proofs.push_back({fmt::format("gateway {} answers", text.data()),
                          [gateway](Deadline deadline) { return still_answers(gateway, deadline); }});
    }
    return proofs;
}

}  // namespace kvmkit::net
