// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"
#include "net/model/network.hpp"
#include "net/planner/step.hpp"

namespace kvmkit::net {

/// Makes the step in the network namespace of this thread: addresses, routes, rules and neighbours change their link,
/// and the port its master, so that no packet of the host is lost. Without a snapshot the step takes one of the link
/// that gives. An error within the switch is taken back at once. Made twice it changes nothing. CAP_NET_ADMIN.
Result<void> hand_over(const Handover& step, const Network& network);

/// The step that takes it back: with a snapshot of the link that gives, as it is before the step.
Result<Handover> inverse_of(const Handover& step, const Network& network);

}  // namespace kvmkit::net
