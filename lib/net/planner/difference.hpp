// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/plan.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// What a plan changes, for people: "+ eth1 address 192.0.2.1/24", "- br0 port eth1", "~ br0 mtu 1500 -> 9000". One
/// line per setting, in the plan's order. `network` is the state that was planned from. Pure.
std::vector<std::string> differences(const Plan& plan, const Network& network);

}  // namespace kvmkit::net
