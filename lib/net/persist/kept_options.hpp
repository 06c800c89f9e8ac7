// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/persist/profile.hpp"

namespace kvmkit::net {

/// The options of a link that differ from what the kernel gives to a new one, and those that managers set otherwise
/// than the kernel: STP and its delay, a VLAN's id, a bond's mode.
Settings kept_options(const Link& link);

/// The same of a bridge's port. The path cost is left out: the kernel makes it from the speed.
Settings kept_port_options(const Link& port);

/// Takes the others out of a link: a state file of the rest asks the kernel for no more than it must.
void strip_defaults(Link& link);

}  // namespace kvmkit::net
