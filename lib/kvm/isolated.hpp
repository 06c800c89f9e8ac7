// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace kvmkit::kvm {

/// How the child came to its end.
enum class ChildEnd {
    finished,
    died,         ///< By a signal that we did not send.
    out_of_time,  ///< Killed at the deadline.
    unkillable,   ///< Killed, and still there half a second later: it sleeps in the kernel.
};

/// What the child left behind.
struct ChildReport {
    std::vector<std::byte> record;  ///< The last complete one; empty: none came.
    ChildEnd end = ChildEnd::finished;
    int signal = 0;  ///< Where it died: of which.
};

/// Work for a child: it writes records of one size to `report_fd`, the newest counting. It must not touch what is
/// shared with the parent, and must not log.
using ChildWork = std::function<void(int report_fd)>;

/// Runs `work` in a forked child that can take nothing down with it: it gets little CPU time, writes no file and no
/// core dump, dies with its parent, and is killed at the deadline. `record_size` is at most PIPE_BUF (4096), so that
/// records are never torn. Error: no child could be made.
Result<ChildReport> run_isolated(const ChildWork& work, std::size_t record_size, Deadline deadline);

}  // namespace kvmkit::kvm
