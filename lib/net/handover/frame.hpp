// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/address.hpp"

#include <string>
#include <string_view>

namespace kvmkit::net {

enum class ArpOperation { request = 1, reply = 2 };

/// A station: its MAC, and its address as bytes.
struct Station {
    MacAddress mac;
    std::string_view address;
};

/// An ARP packet for IPv4 over Ethernet; the MAC asked for is zero. Pure.
std::string arp_frame(ArpOperation operation, const Station& sender, std::string_view target);

/// An IPv6 packet with hop limit 255 around an ICMPv6 message, whose checksum is filled in. Pure.
std::string icmpv6_frame(std::string_view from, std::string_view to, std::string body);

/// The source (1) or target (2) link-layer option of neighbour discovery.
std::string link_layer_option(unsigned type, const MacAddress& mac);

}  // namespace kvmkit::net
