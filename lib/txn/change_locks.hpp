// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "txn/lock.hpp"
#include "txn/places.hpp"

#include <string>

namespace kvmkit::txn {

/// What a tool holds while it changes the host: its own lock, and that of all changers.
struct ChangeLocks {
    Lock own;
    Lock shared;

    /// ErrorCode::locked: somebody else has one of them, named with pid and age.
    static Result<ChangeLocks> acquire(const Places& places, const std::string& tool, const std::string& command);
};

}  // namespace kvmkit::txn
