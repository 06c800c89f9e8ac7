// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/network.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// What files say of the devices and filters that guests' networks meet.
NetworkFacts read_network(const Root& root);

/// Which modules of other hypervisors are in sys/module.
ConflictFacts read_conflicts(const Root& root);

}  // namespace kvmkit
