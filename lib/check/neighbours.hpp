// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/vms.hpp"

#include <vector>

namespace kvmkit {

/// A vCPU thread and the VM that it belongs to; both live in the RunningVms that was asked.
struct Tenant {
    const RunningVm* vm = nullptr;
    const VmThread* thread = nullptr;
};

/// One physical CPU that a VM's threads are on, and who else was there last.
struct SharedCpu {
    unsigned cpu = 0;
    std::vector<Tenant> own;
    std::vector<Tenant> others;
    double demand = 0;  ///< vCPUs that may run there, one that may use n CPUs counted as 1/n.
};

/// The CPUs that the threads of one VM are on, ascending. Threads whose CPU is not known stand nowhere.
std::vector<SharedCpu> shared_cpus(const RunningVms& running, const RunningVm& vm);

}  // namespace kvmkit
