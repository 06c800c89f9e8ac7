// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "check/overcommit.hpp"
#include "facts/vms.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// What is about to be launched: so many VMs, all alike.
struct LaunchDemand {
    std::size_t count = 1;
    unsigned vcpus = 1;
    Bytes memory;                       ///< Of each.
    std::vector<unsigned> pinned = {};  ///< vCPU n runs on the n-th of these, in turn; empty: anywhere.
    bool in_huge_pages = false;         ///< The memory comes from the pool of huge pages.
};

/// How a launch would leave the host: worse in this order.
enum class Strain { ok, note, warn, refuse };

/// "ok", "note", "warn", "refuse"
std::string_view word(Strain strain) noexcept;

/// vCPUs per online CPU. Up to 2 nobody notices; nova's default is 4 and KubeVirt's 10; beyond 16, nova's default of
/// old, a launch is refused.
constexpr double cpu_comfort = 2;
constexpr double cpu_warning = 10;
constexpr double cpu_limit = 16;

/// Promised memory by what guests can have: beyond it the host's own processes are killed when guests use what they
/// were promised.
constexpr double memory_warning = 0.9;
constexpr double memory_limit = 1.0;

/// The host's promises with the new VMs among them, judged.
struct LaunchGate {
    std::size_t vcpus_before = 0;
    std::size_t vcpus_after = 0;
    std::optional<std::size_t> cpus;  ///< Online.
    std::optional<double> cpu_ratio;  ///< Absent: the host's CPUs could not be told.
    /// The CPU on which pinning puts most vCPUs, one that may use n CPUs counted as 1/n on each. Absent: no VM is
    /// pinned unevenly.
    std::optional<CpuCommitment::Densest> densest;
    Strain cpu = Strain::ok;

    Bytes memory_before;  ///< With what QEMU itself takes.
    Bytes memory_after;
    std::optional<Bytes> memory_capacity;
    std::optional<double> memory_ratio;
    Bytes huge_after;                ///< Promised in huge pages.
    std::optional<Bytes> huge_pool;  ///< Set aside as huge pages; absent: not known.
    Strain memory = Strain::ok;

    std::vector<std::string> reasons;    ///< One sentence for each line that was crossed.
    std::vector<std::string> committed;  ///< "'db': 8 vCPUs, 16 GiB", the largest first, at most five and a rest.

    [[nodiscard]] Strain worst() const noexcept { return cpu < memory ? memory : cpu; }
};

/// What QEMU takes beside the guest's memory: its own program, page tables, and something for each vCPU.
Bytes overhead_of(Bytes memory, unsigned vcpus);

/// What guests can be promised: all memory but the pool of huge pages and what the host keeps for itself, which is 1
/// GiB or 5 %, whatever is more, and on small hosts at most half.
Bytes memory_for_guests(Bytes total, Bytes huge_page_pool);

/// Judges a launch before it is made. What could not be read is not held against it. Pure.
LaunchGate judge_launch(const RunningVms& running, const std::vector<LaunchDemand>& demands);

}  // namespace kvmkit
