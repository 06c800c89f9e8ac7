// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "txn/lock.hpp"

#include <string>

namespace kvmkit::net {

/// The locks of everything that changes the host's network. ErrorCode::busy: somebody else has one, named with pid and
/// age.
struct Locks {
    txn::Lock own;
    txn::Lock shared;

    static Result<Locks> acquire(const txn::Places& places, const std::string& command);
};

}  // namespace kvmkit::net
