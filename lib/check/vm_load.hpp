// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/vms.hpp"

#include <chrono>
#include <map>
#include <optional>

namespace kvmkit {

/// What a thread did in a stretch of time, as shares of that time from 0 to 1.
struct ThreadLoad {
    std::optional<double> running;  ///< On a CPU.
    /// Ready to run while another task had the CPU; a guest sees it as steal time. The kernel counts a wait when it
    /// ends: one that lasts is not in here yet. Absent where the kernel does not count it.
    std::optional<double> waiting;
};

/// The load of all vCPU threads of a host.
struct VmLoad {
    enum class Span {
        none,         ///< Nothing to divide by: no shares.
        interval,     ///< Between two readings.
        since_start,  ///< Since each thread started: an average over its life, which says nothing about now.
    };

    Span span = Span::none;
    std::chrono::nanoseconds interval{};  ///< Only with Span::interval.
    std::map<int, ThreadLoad> of_thread;  ///< By thread id; a thread that is new has no entry.

    /// The shares of one thread; empty ones for a thread that is not known.
    [[nodiscard]] ThreadLoad of(int tid) const
    {
        const auto found = of_thread.find(tid);
        return found == of_thread.end() ? ThreadLoad{} : found->second;
    }
};

/// What happened between two readings that lie `interval` apart. Threads are told apart by id and start time: an id
/// that was used again is a new thread.
VmLoad load_between(const RunningVms& before, const RunningVms& after, std::chrono::nanoseconds interval);

/// The average since each thread started; without the host's uptime there is none.
VmLoad load_since_start(const RunningVms& vms);

}  // namespace kvmkit
