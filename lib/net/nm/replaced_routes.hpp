// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"

#include <vector>

namespace kvmkit::net {

/// Routes of a link that somebody has made anew beside the old ones, with another metric: the old ones, as the second
/// snapshot tells them. Pure.
std::vector<Packet> replaced_routes(const Snapshot& before, const Snapshot& after);

}  // namespace kvmkit::net
