// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"
#include "net/netlink/internal/message.hpp"
#include "net/netlink/kernel_error.hpp"
#include "net/planner/step.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// What is sent to the kernel for one action, in order.
struct Requests {
    std::vector<Message> messages = {};
    Attempt attempt = {};
    std::optional<Holder> readdressed = {};  ///< See Parcel.
};

/// The messages that make an action on the links as they are; none where there is nothing to change, or for what is no
/// matter of netlink. ErrorCode::not_found: a link that it needs does not exist. Asks /sys, at most.
Result<Requests> requests_for(const Action& action, const Network& network);

}  // namespace kvmkit::net
