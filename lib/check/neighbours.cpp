// SPDX-License-Identifier: Apache-2.0
#include "check/neighbours.hpp"

#include "check/overcommit.hpp"

#include <algorithm>
#include <map>

namespace kvmkit {

std::vector<SharedCpu> shared_cpus(const RunningVms& running, const RunningVm& vm)
{
    std::map<unsigned, SharedCpu> by_cpu;
    for (const VmThread& thread : vm.known_threads()) {
        if (thread.cpu) {
            SharedCpu& shared = by_cpu[*thread.cpu];
            shared.cpu = *thread.cpu;
            shared.own.push_back({&vm, &thread});
        }
    }
    for (const RunningVm& other : running.vms) {
        for (const VmThread& thread : other.known_threads()) {
            const auto found = thread.cpu && other.pid != vm.pid ? by_cpu.find(*thread.cpu) : by_cpu.end();
            if (found != by_cpu.end()) {
                found->second.others.push_back({&other, &thread});
            }
        }
    }
    const auto demand = cpu_demand(running);
    std::vector<SharedCpu> cpus;
    cpus.reserve(by_cpu.size());
    for (auto& [cpu, shared] : by_cpu) {
        const auto load = demand.find(cpu);
        shared.demand = load == demand.end() ? 0 : load->second;
        cpus.push_back(std::move(shared));
    }
    return cpus;
}

}  // namespace kvmkit
