// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"
#include "net/netlink/internal/message.hpp"

#include <vector>

namespace kvmkit::net {

/// The messages that take a bridge, or its port, from the VLANs it has to the wanted ones, as ranges: those that are
/// not wanted leave, and only entries that differ are sent. Pure.
std::vector<Message> vlan_messages(const Link& link, const VlanMembership& wanted);

}  // namespace kvmkit::net
