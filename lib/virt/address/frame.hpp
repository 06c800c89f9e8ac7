// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kvmkit::virt {

/// Who says what in a DHCP message. Others are not told.
enum class DhcpKind { discover, offer, request, decline, ack, nak };

/// "DISCOVER", "OFFER", ...
std::string_view word(DhcpKind kind) noexcept;

/// A DHCPv4 message, of the client that it is from or for.
struct DhcpMessage {
    DhcpKind kind = DhcpKind::discover;
    std::string client_mac;
    std::string client_id = {};  ///< Option 61 in hexadecimal digits; empty: none.
    std::string address = {};    ///< Of offer, ack: the client's; of request: the wished one; empty: none.
    std::string server = {};     ///< Option 54.
    std::string words = {};      ///< Option 56: why a server refuses. Without control characters.
};

/// Somebody says that an address is his own: by ARP or IPv6 neighbour discovery.
struct AddressClaim {
    std::string mac;
    std::string address;
};

using Sighting = std::variant<DhcpMessage, AddressClaim>;

/// Reads an Ethernet frame, with or without one 802.1Q tag. Absent for any other frame and for one that is cut short
/// or contradicts itself. Pure; takes bytes of anybody.
std::optional<Sighting> read_frame(std::string_view frame);

}  // namespace kvmkit::virt
