// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <time.h>

namespace kvmkit::kvm {

/// CPU time of this thread in nanoseconds; KVM accounts the guest's time to it.
inline std::int64_t thread_time() noexcept
{
    constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;
    timespec now{};
    (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return std::int64_t{now.tv_sec} * nanoseconds_per_second + now.tv_nsec;
}

}  // namespace kvmkit::kvm
