// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/channel.hpp"
#include "net/handover/snapshot.hpp"

#include <span>
#include <vector>

namespace kvmkit::net {

/// What sets the fixed neighbours of these links again, but no proxy entries, which stay. Ask before a MAC is set, even
/// to what it is: the kernel then forgets all neighbours of the link.
Result<std::vector<Order>> orders_for_neighbours(Channel& channel, std::span<const Holder> links);

}  // namespace kvmkit::net
