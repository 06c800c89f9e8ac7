// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/cpu_set.hpp"
#include "facts/libvirt_answers.hpp"
#include "facts/memory.hpp"
#include "facts/qemu.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvmkit {

/// A thread of a QEMU process that runs a vCPU, or may be running one.
struct VmThread {
    enum class Role {
        vcpu,       ///< One vCPU.
        all_vcpus,  ///< All vCPUs of the VM, in turn: TCG with one thread.
        unnamed,    ///< QEMU was started without debug-threads=on: a vCPU, or a helper.
    };

    int tid = 0;
    std::string name;
    Role role = Role::unnamed;
    std::optional<unsigned> vcpu;   ///< Only with Role::vcpu.
    std::optional<unsigned> cpu;    ///< The physical CPU that it is on, or was on last.
    std::optional<CpuSet> allowed;  ///< The CPUs that it may use, those that are offline or not there included.
    std::uint64_t start_ticks = 0;  ///< After boot (proc_tick).
    std::optional<std::chrono::nanoseconds> ran;  ///< On a CPU since it started.
    std::optional<std::chrono::nanoseconds>
        waited;  ///< Ready, but not on a CPU; absent where the kernel does not count.
};

/// A VM, as the process that it is on the host.
struct RunningVm {
    int pid = 0;
    std::uint64_t start_ticks = 0;  ///< After boot (proc_tick).
    QemuCommand command;
    std::optional<LibvirtDomain> libvirt;   ///< The VM as libvirt knows it; absent: it does not, or was not asked.
    std::string accelerator;                ///< By the names of its threads, else by its command line; empty: not told.
    std::optional<unsigned> vcpus;          ///< By its threads where they carry names, else by its command line.
    std::optional<Bytes> resident;          ///< Of its memory, what is in RAM; huge pages apart.
    std::optional<Bytes> huge_pages;        ///< Of its memory, what lies in huge pages.
    std::optional<Bytes> swapped;           ///< Of its memory, what was swapped out.
    Result<std::vector<VmThread>> threads;  ///< By vCPU; without names, all but the main thread.

    /// Those that could be read.
    [[nodiscard]] std::span<const VmThread> known_threads() const
    {
        return threads ? std::span<const VmThread>{*threads} : std::span<const VmThread>{};
    }

    /// Whether vCPUs can be told from other threads.
    [[nodiscard]] bool threads_named() const
    {
        return !known_threads().empty() && known_threads().front().role != VmThread::Role::unnamed;
    }
};

/// The VMs of a host, and what they share.
struct RunningVms {
    std::vector<RunningVm> vms;  ///< By process id.
    std::size_t unreadable = 0;  ///< Processes that we may not look at: there may be VMs among them.
    bool others_hidden = false;  ///< /proc is mounted with hidepid: other users' processes do not show at all.
    Fact<CpuSet> online{std::nullopt};
    Fact<MemoryFacts> memory{std::nullopt};
    Fact<Pressure> cpu_pressure{std::nullopt};
    Fact<Pressure> memory_pressure{std::nullopt};
    Fact<std::chrono::milliseconds> uptime{std::nullopt};
};

}  // namespace kvmkit
