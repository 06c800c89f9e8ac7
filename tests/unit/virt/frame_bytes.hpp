// SPDX-License-Identifier: Apache-2.0
// Frames as they lie on the wire, made from their parts.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>

namespace kvmkit::virt::testing {

inline std::string bytes(std::initializer_list<int> numbers)
{
    std::string text;
    for (const int number : numbers) {
        text += static_cast<char>(number);
    }
    return text;
}

inline std::string guest_mac()
{
    return bytes({0x52, 0x54, 0, 0, 0, 1});
}
inline std::string other_mac()
{
    return bytes({0x52, 0x54, 0, 0, 0, 2});
}

inline std::string ethernet(const std::string& from, int type, const std::string& payload)
{
    return bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) + from + bytes({type >> 8, type & 0xff}) + payload;
}

inline std::string arp(const std::string& mac, const std::string& ip)
{
    return ethernet(mac, 0x0806, bytes({0, 1, 8, 0, 6, 4, 0, 1}) + mac + ip + std::string(6, '\0') + ip);
}

inline std::string option(int type, const std::string& value)
{
    return bytes({type, static_cast<int>(value.size())}) + value;
}

struct Dhcp {
    int kind = 1;
    std::string client = guest_mac();
    std::string yours = std::string(4, '\0');
    std::string options = {};
    bool from_server = false;
};

inline std::string dhcp(const Dhcp& wish)
{
    const std::string bootp = bytes({wish.from_server ? 2 : 1, 1, 6, 0}) + std::string(8, '\x11') +
                              std::string(4, '\0') + wish.yours + std::string(8, '\0') + wish.client +
                              std::string(10, '\0') + std::string(192, '\0') + bytes({0x63, 0x82, 0x53, 0x63}) +
                              option(53, bytes({wish.kind})) + wish.options + bytes({255});
    const int source = wish.from_server ? 67 : 68;
    const std::string udp = bytes({0, source, 0, wish.from_server ? 68 : 67, 1, 0, 0, 0}) + bootp;
    const std::string ip =
        bytes({0x45, 0, 1, 0, 0, 0, 0, 0, 64, 17, 0, 0}) + std::string(4, '\0') + std::string(4, '\xff') + udp;
    return ethernet(wish.from_server ? other_mac() : wish.client, 0x0800, ip);
}

inline std::string neighbour(int type, const std::string& sender, const std::string& target)
{
    const std::string icmp = bytes({type, 0, 0, 0, 0, 0, 0, 0}) + target;
    return ethernet(
        guest_mac(), 0x86dd, bytes({0x60, 0, 0, 0, 0, 24, 58, 255}) + sender + std::string(16, '\xff') + icmp);
}

}  // namespace kvmkit::virt::testing
