// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"
#include "net/planner/plan.hpp"

#include <vector>

namespace kvmkit::net {

/// The network as a plan is going to leave it, as far as packets of the host and the files that keep it are concerned.
/// Pure. Links to come have an index that no link has.
Network outlook(const Network& network, const Plan& plan);

/// All links that a plan speaks of, each once.
std::vector<LinkName> links_in(const Plan& plan);

}  // namespace kvmkit::net
