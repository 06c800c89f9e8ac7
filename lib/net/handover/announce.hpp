// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"
#include "net/model/address.hpp"

#include <span>

namespace kvmkit::net {

/// Tells the LAN once where the addresses of a snapshot are now: gratuitous ARP, unsolicited neighbour advertisements.
/// Nobody waits for it and nothing depends on it, so failures are passed over.
void announce(const Snapshot& snapshot, const Holder& link, const MacAddress& mac);
/// The same of addresses that a link has of its own, and whose MAC is another one now.
void announce(std::span<const InterfaceAddress> addresses, const Holder& link, const MacAddress& mac);

/// The Ethernet payload of one announcement. Pure.
std::string arp_announcement(const MacAddress& mac, std::string_view ipv4);
std::string neighbour_announcement(const MacAddress& mac, std::string_view ipv6);

}  // namespace kvmkit::net
