// SPDX-License-Identifier: Apache-2.0
#include "txn/owner.hpp"

#include "system/clock.hpp"

#include <unistd.h>

namespace kvmkit::txn {

Result<Owner> this_process()
{
    auto boot = boot_id();
    if (!boot) {
        return std::move(boot).error();
    }
    return Owner{::getpid(), process_start_time(::getpid()).value_or(0), std::move(*boot)};
}

bool alive(const Owner& owner)
{
    const auto boot = boot_id();
    return boot && *boot == owner.boot_id && process_start_time(owner.pid) == owner.start_time;
}

}  // namespace kvmkit::txn
