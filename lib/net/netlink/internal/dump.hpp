// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"
#include "net/netlink/internal/socket.hpp"

namespace kvmkit::net {

/// Adds what one answer of the kernel says to the network. Answers of other kinds change nothing. Pure.
void read_link(Network& network, nlmsghdr* answer);
void read_address(Network& network, nlmsghdr* answer);
void read_route(Network& network, nlmsghdr* answer);
/// Of a bridge or its port, from a list of the bridges' family.
void read_vlans(Network& network, nlmsghdr* answer);

/// Marks the Wi-Fi cards in client mode, asking nl80211. A host without Wi-Fi has none, and that is no error.
std::optional<KernelRefusal> read_wifi_clients(Network& network, Socket& generic);

}  // namespace kvmkit::net
