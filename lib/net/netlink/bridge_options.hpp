// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

namespace kvmkit::net {

/// Spanning tree off and no forward delay: a port forwards at once. With the delay that many tools leave, a VM's first
/// 30 s of packets are lost, and with them DHCP.
LinkOptions new_bridge_options();

/// An IFLA_BR_* attribute that the kernel told, as it can be given back. None for states and timers, and none for
/// features that are off, as they are in a new bridge, too: a kernel built without them refuses even that.
std::optional<LinkOption> bridge_option_to_give_back(const LinkOption& told);

/// Options of a link of that kind as the requests in which the kernel takes them. It looks at a bridge's forward delay
/// before it stops the spanning tree, and while that runs it refuses a delay below 2 s, which bridges without one have:
/// the spanning tree is stopped first. Hello time and maximum age have the same limits always.
std::vector<LinkOptions> options_in_turn(std::string_view kind, const LinkOptions& options);

}  // namespace kvmkit::net
