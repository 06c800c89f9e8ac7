// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"
#include "net/model/address.hpp"

#include <span>

namespace kvmkit::net {

/// Tells the LAN once where addresses are now, as the kernel told them: gratuitous ARP, unsolicited neighbour
/// advertisements. Those that may be another host's are left out: see is_unproven(). Nobody waits for it and nothing
/// depends on it, so failures are passed over.
void announce(std::span<const Packet> addresses, const Holder& link, const MacAddress& mac);

/// What a neighbour says it is. Who is told of a host that was a router before takes its routes through it away.
enum class Role { host, router };

/// The Ethernet payload of one announcement. Pure.
std::string arp_announcement(const MacAddress& mac, std::string_view ipv4);
std::string neighbour_announcement(const MacAddress& mac, std::string_view ipv6, Role role = Role::host);

}  // namespace kvmkit::net
