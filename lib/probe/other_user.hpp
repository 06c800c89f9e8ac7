// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "facts/host_facts.hpp"

#include <string>

namespace kvmkit {

/// Opens the device as this user in a child that becomes them, which only root can do; else, or where that fails,
/// judges by the node's mode. Says in `user.witness` which of the two it was. Nothing is kept open.
Answer try_open_as(UserFacts& user, const DeviceNode& node, const std::string& device, Deadline deadline);

/// Puts the user in our place, judged by the recorded or seen node's mode.
void take_place(UserFacts user, HostFacts& host);

/// Puts the user in our place: `open` is their answer, and `host.kvm` holds ours. What comes after the opening is kept
/// where they may open the device, too; it becomes an Error where only they may.
void take_place(UserFacts user, const Answer& open, HostFacts& host);

}  // namespace kvmkit
