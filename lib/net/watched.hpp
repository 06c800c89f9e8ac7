// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/namespace.hpp"
#include "net/planner/plan.hpp"
#include "txn/store.hpp"
#include "txn/watchdog.hpp"

#include <functional>
#include <string>

namespace kvmkit::net {

/// Whether a watchdog is to stand by while a plan is made: it hands the host's addresses over, or concerns a way by
/// which the host is reached. Pure.
bool is_to_be_watched(const Network& network, const Plan& plan);

/// Starts a watchdog, in a cgroup of its own where systemd runs; `warn` is told where that was not possible.
Result<txn::Watchdog> arm_watchdog(const txn::Duty& duty, const std::function<void(const std::string&)>& warn);

/// Undoes what a record tells, from whatever process. ErrorCode::damaged: what is left.
Result<void> undo_record(const Result<txn::Record>& record, const NetNamespace& here);

}  // namespace kvmkit::net
