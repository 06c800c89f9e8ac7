// SPDX-License-Identifier: Apache-2.0
#include "net/handover/frame.hpp"

#include <linux/icmpv6.h>
#include <netinet/in.h>

#include <cstdint>

namespace kvmkit::net {
namespace {

void put16(std::string& bytes, unsigned value)
{
    bytes += static_cast<char>((value >> 8U) & 0xffU);
    bytes += static_cast<char>(value & 0xffU);
}

void put_mac(std::string& bytes, const MacAddress& mac)
{
    for (const std::uint8_t octet : mac.octets()) {
        bytes += static_cast<char>(octet);
    }
}

std::uint32_t sum_of(std::string_view bytes)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::uint32_t octet = static_cast<unsigned char>(bytes[i]);
        sum += i % 2 == 0 ? octet << 8U : octet;
    }
    return sum;
}

unsigned checksum(std::string_view pseudo_header, std::string_view body)
{
    std::uint32_t sum = sum_of(pseudo_header) + sum_of(body);
    while (sum >> 16U != 0) {
        sum = (sum & 0xffffU) + (sum >> 16U);
    }
    return ~sum & 0xffffU;
}

}  // namespace

std::string arp_frame(ArpOperation operation, const Station& sender, std::string_view target)
{
    std::string frame;
    constexpr unsigned ethernet = 1;
    constexpr unsigned ipv4 = 0x0800;
    put16(frame, ethernet);
    put16(frame, ipv4);
    frame += "\x06\x04";
    put16(frame, static_cast<unsigned>(operation));
    put_mac(frame, sender.mac);
    frame.append(sender.address).append(6, '\0').append(target);
    return frame;
}

std::string link_layer_option(unsigned type, const MacAddress& mac)
{
    std::string option{static_cast<char>(type), '\x01'};
    put_mac(option, mac);
    return option;
}

std::string icmpv6_frame(std::string_view from, std::string_view to, std::string body)
{
    std::string pseudo{from};
    pseudo.append(to).append(2, '\0');
    put16(pseudo, static_cast<unsigned>(body.size()));
    pseudo.append(3, '\0').append(1, static_cast<char>(IPPROTO_ICMPV6));
    std::string filled;
    put16(filled, checksum(pseudo, body));
    body.replace(2, 2, filled);

    std::string frame{"\x60\0\0\0", 4};
    put16(frame, static_cast<unsigned>(body.size()));
    frame += static_cast<char>(IPPROTO_ICMPV6);
    frame += '\xff';
    return frame.append(from).append(to).append(body);
}

}  // namespace kvmkit::net
