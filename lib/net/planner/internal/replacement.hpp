// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/state_plan.hpp"

namespace kvmkit::net {

/// What makes links anew, and the network as it is then. No steps: none needs that.
struct Replaced {
    Drafted drafted;
    Network network = {};
};

/// Links whose VLAN, VXLAN number, protocol, port or link below is to be another one: the kernel changes none of that.
/// They are deleted and made again, with all that hangs on them and lies on them. Pure.
Replaced plan_replacements(const Network& network, const DesiredNetwork& wanted, const Birthmark& birthmark);

/// Whether a wish asks for what the kernel changes for no link that exists.
bool differs_in_identity(const Network& network, const DesiredInterface& wish, const Link& link);

}  // namespace kvmkit::net
