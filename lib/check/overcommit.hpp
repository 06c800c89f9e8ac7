// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "check/vm_load.hpp"
#include "facts/vms.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// Up to which ratio somebody lets guests be promised more than the host has, by default.
struct Convention {
    std::string_view who;      ///< "nova"
    std::string_view setting;  ///< The name of the setting, as its documentation spells it.
    double limit;
};

/// vCPUs per CPU. nova's default was 16 before its release 2023.1 (Antelope).
std::span<const Convention> cpu_conventions();

/// Guest memory per host memory. nova's default was 1.5 before 2023.1; KubeVirt's setting is written as 100 percent.
std::span<const Convention> memory_conventions();

/// The vCPUs that were promised.
struct CpuCommitment {
    std::size_t vcpus = 0;
    std::size_t vms_unknown = 0;  ///< VMs whose vCPUs could not be told: `vcpus` is too low then.
    std::optional<CpuSet> online;
    /// Those of the online CPUs that vCPUs may use at all: pinned VMs share fewer than the host has.
    std::optional<CpuSet> usable;
    std::optional<double> ratio;  ///< vCPUs per usable CPU.

    /// The CPU on which pinning puts most vCPUs, one that may use n CPUs counted as 1/n on each.
    struct Densest {
        unsigned cpu = 0;
        double vcpus = 0;
    };
    std::optional<Densest> densest;
};

/// The memory that was promised. Guests in huge pages are counted against the pool of those, all others against what is
/// left beside it: neither can use the other's.
struct MemoryCommitment {
    Bytes promised;               ///< Of VMs with ordinary pages.
    Bytes promised_huge;          ///< Of VMs in huge pages.
    std::size_t vms_unknown = 0;  ///< VMs whose memory could not be told: `promised` is too low then.
    std::optional<Bytes> capacity;
    std::optional<Bytes> pool;
    std::optional<double> ratio;
    std::optional<double> ratio_huge;  ///< Absent as well where no VM is in huge pages.
};

/// The vCPU thread that waits longest.
struct Worst {
    int pid = 0;
    std::string vm;
    int tid = 0;
    std::optional<unsigned> vcpu;
    double waiting = 0;
};

/// Whether what was promised hurts now.
struct Pain {
    std::optional<bool> now;             ///< Absent: could not be told.
    std::vector<std::string> reasons;    ///< What hurts, one clause each; or why it could not be told.
    std::optional<double> mean_waiting;  ///< Over all vCPU threads; so for the next one. Absent: not known.
    std::optional<Worst> worst;
    std::optional<double> cpu_some;     ///< PSI, percent of the last 10 s.
    std::optional<double> memory_full;  ///< PSI, percent of the last 10 s.
};

/// A vCPU that waits longer hurts, as a share of the time: its guest sees 5 % steal. Below it, a host that has other
/// things to do now and then would be called sick; above it, guests with deadlines (audio, packets, heartbeats) suffer.
constexpr double painful_waiting = 0.05;

/// Where the kernel does not count waiting, or nothing was measured, CPU pressure is the next best witness, percent of
/// the last 10 s: some task waited for a CPU. Higher than the above, as it is the host's tasks together and not one
/// vCPU.
constexpr double painful_cpu_pressure = 20;

/// Memory pressure, percent of the last 10 s in which every task that had work waited for memory. A host that swaps or
/// reclaims without harm stays below 1; at 5 everything on it stands still for half a second of every ten.
constexpr double painful_memory_pressure = 5;

/// The host's promises, judged.
struct Overcommit {
    CpuCommitment cpu;
    MemoryCommitment memory;
    Pain pain;
};

/// vCPUs on each CPU that is online, by what their threads may use: one that may use n CPUs counts 1/n on each.
std::map<unsigned, double> cpu_demand(const RunningVms& vms);

Overcommit judge_overcommit(const RunningVms& vms, const VmLoad& load);

}  // namespace kvmkit
