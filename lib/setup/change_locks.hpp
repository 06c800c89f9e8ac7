// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "txn/lock.hpp"
#include "txn/places.hpp"

#include <string>

namespace kvmkit::setup {

/// What host-setup holds while it changes something: its own lock, and that of all changers.
struct ChangeLocks {
    txn::Lock own;
    txn::Lock shared;
};

/// ErrorCode::locked names who has one of them.
Result<ChangeLocks> take_change_locks(const txn::Places& places, const std::string& command_line);

}  // namespace kvmkit::setup
