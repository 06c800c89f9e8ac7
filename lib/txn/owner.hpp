// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace kvmkit::txn {

/// A process, named so that no other one, now or after a reboot, can be taken for it.
struct Owner {
    pid_t pid = 0;
    std::uint64_t start_time = 0;  ///< Clock ticks after boot.
    std::string boot_id;

    bool operator==(const Owner&) const = default;
};

/// The calling process.
Result<Owner> this_process();

/// Whether the owner still runs. A zombie does not.
bool alive(const Owner& owner);

}  // namespace kvmkit::txn
