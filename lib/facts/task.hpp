// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// Times that /proc counts in ticks: 100 in a second on every architecture that runs KVM, whatever the kernel's own HZ.
constexpr std::chrono::milliseconds proc_tick{10};

/// One line of /proc/PID/stat or /proc/PID/task/TID/stat.
struct TaskStat {
    std::string name;                  ///< As the kernel has it: at most 15 bytes, any byte but NUL.
    char state = '?';                  ///< 'R', 'S', 'D', 'Z', ...
    std::chrono::milliseconds used{};  ///< Time on a CPU, user and system, counted in ticks.
    std::uint64_t start_ticks = 0;     ///< When it started, in ticks after boot. With the id it names a task for good.
    std::optional<unsigned> cpu;       ///< The CPU it is on, or was on last.
};

/// Absent for a text that is no such line. The name may hold blanks, brackets and line ends.
std::optional<TaskStat> parse_task_stat(std::string_view text);

/// What the scheduler counts of a task since it started: /proc/PID/schedstat, in nanoseconds.
struct SchedTimes {
    std::chrono::nanoseconds ran{};     ///< On a CPU.
    std::chrono::nanoseconds waited{};  ///< Ready to run, but another task had the CPU.
};

/// Absent for a text that is no such line.
std::optional<SchedTimes> parse_schedstat(std::string_view text);

/// The value of one line of /proc/PID/status; empty if it has none.
std::string_view status_value(std::string_view status, std::string_view key);

/// The same of a size: "VmRSS:  46092 kB". Also reads /proc/meminfo, which has the same form.
std::optional<Bytes> status_size(std::string_view status, std::string_view key);

/// What QEMU's name for a thread says, where it names them (-name NAME,debug-threads=on).
struct VcpuName {
    std::optional<unsigned> vcpu;  ///< Absent: "ALL CPUs/TCG", one thread that runs all vCPUs in turn.
    std::string accelerator;       ///< "kvm", "tcg": what runs them, in lower case.
};

/// Absent for a thread that runs no vCPU by its name.
std::optional<VcpuName> parse_vcpu_name(std::string_view name);

}  // namespace kvmkit
