// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

namespace kvmkit::net {

/// What a port does to a bridge.
enum class Passing { comes, leaves };

/// Whether a bridge that others know by its MAC, because it or a VLAN on it has an address, gets another one with that
/// port: the kernel gives one whose MAC is not pinned the lowest of its ports'. It is to be pinned then, and only then:
/// the kernel forgets the neighbours of a link that is told its MAC. As has_pinned_mac().
bool would_change_mac(const Network& network, const Link& bridge, const Link& port, Passing what);

}  // namespace kvmkit::net
