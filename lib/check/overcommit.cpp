// SPDX-License-Identifier: Apache-2.0
#include "check/overcommit.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace kvmkit {
namespace {

using Role = VmThread::Role;

constexpr std::array cpu_table{Convention{"nova", "initial_cpu_allocation_ratio", 4.0},
                               Convention{"KubeVirt", "cpuAllocationRatio", 10.0}};
constexpr std::array memory_table{Convention{"nova", "initial_ram_allocation_ratio", 1.0},
                                  Convention{"KubeVirt", "memoryOvercommit", 1.0}};

template <class T>
std::optional<T> known(const Fact<T>& fact)
{
    return fact ? *fact : std::nullopt;
}

/// The CPUs that a thread may use, of those that are there.
CpuSet reach(const VmThread& thread, const CpuSet& online)
{
    return thread.allowed ? thread.allowed->common_with(online) : online;
}

/// The CPUs that vCPUs may use, of those that are there.
CpuSet usable(const RunningVms& vms, const CpuSet& online)
{
    CpuSet joined;
    for (const RunningVm& vm : vms.vms) {
        for (const VmThread& thread : vm.known_threads()) {
            joined = joined.joined_with(reach(thread, online));
        }
    }
    return joined.empty() ? online : joined;
}

/// How many vCPUs one thread stands for.
double weight(const VmThread& thread, const RunningVm& vm)
{
    if (thread.role == Role::vcpu) {
        return 1;
    }
    const auto vcpus = static_cast<double>(vm.vcpus.value_or(0));
    return thread.role == Role::all_vcpus ? vcpus : vcpus / static_cast<double>(vm.known_threads().size());
}

std::map<unsigned, double> demand_on(const RunningVms& vms, const CpuSet& online)
{
    std::map<unsigned, double> load;
    for (const RunningVm& vm : vms.vms) {
        for (const VmThread& thread : vm.known_threads()) {
            const CpuSet cpus = reach(thread, online);
            for (const unsigned cpu : cpus.cpus()) {
                load[cpu] += weight(thread, vm) / static_cast<double>(cpus.size());
            }
        }
    }
    return load;
}

std::optional<CpuCommitment::Densest> densest(const RunningVms& vms, const CpuSet& online)
{
    const auto load = demand_on(vms, online);
    const auto most = std::ranges::max_element(load, {}, [](const auto& entry) { return entry.second; });
    return most == load.end() ? std::nullopt : std::optional{CpuCommitment::Densest{most->first, most->second}};
}

CpuCommitment commit_cpus(const RunningVms& vms)
{
    CpuCommitment cpu;
    for (const RunningVm& vm : vms.vms) {
        cpu.vcpus += vm.vcpus.value_or(0);
        cpu.vms_unknown += vm.vcpus ? 0 : 1;
    }
    cpu.online = known(vms.online);
    if (cpu.online) {
        cpu.usable = usable(vms, *cpu.online);
        cpu.ratio = static_cast<double>(cpu.vcpus) / static_cast<double>(std::max<std::size_t>(cpu.usable->size(), 1));
        cpu.densest = densest(vms, *cpu.online);
    }
    return cpu;
}

std::optional<double> ratio_of(Bytes promised, Bytes capacity)
{
    return capacity.count() == 0
               ? std::nullopt
               : std::optional{static_cast<double>(promised.count()) / static_cast<double>(capacity.count())};
}

MemoryCommitment commit_memory(const RunningVms& vms)
{
    MemoryCommitment memory;
    for (const RunningVm& vm : vms.vms) {
        const bool huge = vm.huge_pages && vm.huge_pages->count() > 0;
        Bytes& sum = huge ? memory.promised_huge : memory.promised;
        sum = Bytes::of(sum.count() + vm.command.memory.value_or(Bytes{}).count());
        memory.vms_unknown += vm.command.memory ? 0 : 1;
    }
    if (const auto host = known(vms.memory)) {
        const auto pool = std::min(host->huge_page_pool, host->total);
        memory.pool = pool;
        memory.capacity = Bytes::of(host->total.count() - pool.count());
        memory.ratio = ratio_of(memory.promised, *memory.capacity);
        memory.ratio_huge = memory.promised_huge.count() > 0 ? ratio_of(memory.promised_huge, pool) : std::nullopt;
    }
    return memory;
}

/// Fills in how long vCPUs wait now. An average over their lives is no answer to that.
void measure_waiting(const RunningVms& vms, const VmLoad& load, Pain& pain)
{
    if (load.span != VmLoad::Span::interval) {
        return;
    }
    double sum = 0;
    std::size_t count = 0;
    for (const RunningVm& vm : vms.vms) {
        for (const VmThread& thread : vm.known_threads()) {
            const auto waiting = load.of(thread.tid).waiting;
            if (!waiting) {
                continue;
            }
            sum += *waiting;
            ++count;
            if (!pain.worst || *waiting > pain.worst->waiting) {
                pain.worst = Worst{vm.pid, vm.command.name, thread.tid, thread.vcpu, *waiting};
            }
        }
    }
    if (count > 0) {
        pain.mean_waiting = sum / static_cast<double>(count);
    }
}

std::string who(const Worst& worst)
{
    const auto vm = worst.vm.empty() ? fmt::format("process {}", worst.pid) : fmt::format("VM '{}'", worst.vm);
    return worst.vcpu ? fmt::format("vCPU {} of {}", *worst.vcpu, vm) : fmt::format("thread {} of {}", worst.tid, vm);
}

constexpr double percent = 100;

/// Whether it hurts by one witness, with the clause that says so; absent where the witness is silent.
std::optional<bool> judge_cpu(Pain& pain)
{
    if (pain.worst) {
        const bool hurts = pain.worst->waiting >= painful_waiting;
        if (hurts) {
            pain.reasons.push_back(fmt::format(
                "{} waits {:.0f} % of its time for a CPU", who(*pain.worst), pain.worst->waiting * percent));
        }
        return hurts;
    }
    if (!pain.cpu_some) {
        return std::nullopt;
    }
    const bool hurts = *pain.cpu_some >= painful_cpu_pressure;
    if (hurts) {
        pain.reasons.push_back(fmt::format("tasks waited for a CPU {:.0f} % of the last 10 s", *pain.cpu_some));
    }
    return hurts;
}

std::optional<bool> judge_memory(Pain& pain)
{
    if (!pain.memory_full) {
        return std::nullopt;
    }
    const bool hurts = *pain.memory_full >= painful_memory_pressure;
    if (hurts) {
        pain.reasons.push_back(fmt::format("all tasks waited for memory {:.0f} % of the last 10 s", *pain.memory_full));
    }
    return hurts;
}

Pain judge_pain(const RunningVms& vms, const VmLoad& load)
{
    Pain pain;
    measure_waiting(vms, load, pain);
    const auto cpu = known(vms.cpu_pressure);
    const auto memory = known(vms.memory_pressure);
    pain.cpu_some = cpu ? std::optional{cpu->some_avg10} : std::nullopt;
    pain.memory_full = memory ? memory->full_avg10 : std::nullopt;
    if (vms.vms.empty()) {
        pain.now = false;
        return pain;
    }
    const auto by_cpu = judge_cpu(pain);
    const auto by_memory = judge_memory(pain);
    if (by_cpu.value_or(false) || by_memory.value_or(false)) {
        pain.now = true;
    } else if (by_cpu) {
        pain.now = false;
    } else {
        pain.reasons.emplace_back("neither the waiting of vCPUs nor CPU pressure (PSI) is known");
    }
    return pain;
}

}  // namespace

std::span<const Convention> cpu_conventions()
{
    return cpu_table;
}

std::span<const Convention> memory_conventions()
{
    return memory_table;
}

std::map<unsigned, double> cpu_demand(const RunningVms& vms)
{
    const auto online = known(vms.online);
    return online ? demand_on(vms, *online) : std::map<unsigned, double>{};
}

Overcommit judge_overcommit(const RunningVms& vms, const VmLoad& load)
{
    return {.cpu = commit_cpus(vms), .memory = commit_memory(vms), .pain = judge_pain(vms, load)};
}

}  // namespace kvmkit
