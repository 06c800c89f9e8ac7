// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace kvmkit {

/// The kernel's id of this boot: changes with every boot, so that no process of an earlier boot is taken for alive.
Result<std::string> boot_id();

/// When a process started, in clock ticks after boot (/proc/PID/stat, field 22); absent if there is no such process.
/// With the pid it names a process for good: pids are reused, pairs are not.
std::optional<std::uint64_t> process_start_time(pid_t pid);

/// Now, in those ticks.
std::uint64_t ticks_after_boot();

/// The wall clock, in whole seconds since 1970, and as "2026-01-31T12:00:00Z".
std::chrono::sys_seconds wall_clock();
std::string iso_time(std::chrono::sys_seconds time);

}  // namespace kvmkit
