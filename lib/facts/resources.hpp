// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/fact.hpp"
#include "facts/memory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// The lines of /proc/meminfo that tell what may still be promised or is set aside.
struct MemoryPromises {
    std::optional<Bytes> limit;     ///< CommitLimit; counts only where vm.overcommit_memory is 2.
    std::optional<Bytes> promised;  ///< Committed_AS
    std::uint64_t huge_pages = 0;   ///< Of the default size, in the pool.
    std::uint64_t huge_pages_free = 0;
    std::optional<Bytes> huge_page_size;
};

MemoryPromises parse_promises(std::string_view meminfo);

/// Which control groups the kernel shows, and by which controllers they limit.
struct ControlGroups {
    enum class Version { v1, hybrid, v2 };

    Version version = Version::v2;
    std::set<std::string, std::less<>> controllers;
};

/// The controllers of /proc/cgroups that are switched on.
std::set<std::string, std::less<>> parse_cgroups(std::string_view text);

/// One of the kernel's limits on a process; absent numbers: unlimited.
struct ResourceLimit {
    std::optional<std::uint64_t> soft;
    std::optional<std::uint64_t> hard;

    bool operator==(const ResourceLimit&) const = default;
};

/// The line of /proc/PID/limits that begins with this name, "Max locked memory"; absent: there is none.
std::optional<ResourceLimit> parse_limit(std::string_view limits, std::string_view name);

/// Where the control group of a process lies below sys/fs/cgroup, by its /proc/PID/cgroup: "memory/user.slice" for a
/// controller of version 1, "user.slice" for version 2. Absent: it is in none.
std::optional<std::string> cgroup_path(std::string_view cgroup, std::string_view controller);

/// memory.max, pids.max: a number; absent: "max", or what version 1 says instead, or no number.
std::optional<std::uint64_t> parse_cgroup_limit(std::string_view text);

/// The memory of a group that is only cache of files and given back on demand: of its memory.stat.
std::uint64_t cached_bytes(std::string_view memory_stat);

/// What bounds whoever asks, and the guests started from there.
struct ProcessFacts {
    unsigned uid = 0;
    std::optional<ResourceLimit> locked_memory;  ///< RLIMIT_MEMLOCK, bytes; absent: not told.
    std::optional<ResourceLimit> open_files;     ///< RLIMIT_NOFILE
    std::optional<ResourceLimit> tasks;          ///< RLIMIT_NPROC
    std::optional<Bytes> memory_left;            ///< What the control groups leave; absent: they set no bound.
    std::optional<std::uint64_t> tasks_left;     ///< Likewise of pids.max.

    bool operator==(const ProcessFacts&) const = default;
};

/// A control group of version 1 whose list of devices was read.
struct DeviceList {
    std::string group = {};   ///< "machine.slice"; empty: the topmost one.
    bool allows_kvm = false;  ///< Character device 10:232, for reading and writing.

    bool operator==(const DeviceList&) const = default;
};

/// Whether a devices.list lets its group read and write a character device. Not whether the list is the last word: one
/// group's is never wider than that of the group above.
bool allows_device(std::string_view list, unsigned major, unsigned minor);

/// What guests take from the host.
struct ResourceFacts {
    bool looked = false;  ///< False: a recording that may lack what is there.
    Fact<MemoryFacts> memory{std::nullopt};
    Fact<MemoryPromises> promises{std::nullopt};
    Fact<std::string> overcommit{std::nullopt};         ///< vm.overcommit_memory: "0", "1", "2".
    Fact<std::string> samepage_merging{std::nullopt};   ///< sys/kernel/mm/ksm/run: "0", "1", "2".
    Fact<std::string> transparent_pages{std::nullopt};  ///< The chosen word: "madvise".
    Fact<ControlGroups> cgroups{std::nullopt};
    Fact<std::vector<DeviceList>> device_lists{std::nullopt};  ///< Absent: version 1 does not keep devices here.
    Fact<ProcessFacts> process{std::nullopt};
    Fact<std::string> clocksource{std::nullopt};     ///< "tsc"
    Fact<std::string> clocksources{std::nullopt};    ///< Those to be had: "tsc hpet acpi_pm".
    Fact<std::string> numa_balancing{std::nullopt};  ///< "0", "1", "2"; absent: the kernel has none.
    std::size_t numa_nodes = 0;                      ///< 0: not told.
};

/// The word in brackets, as sys/kernel/mm/transparent_hugepage/enabled and sys/kernel/security/lockdown mark the chosen
/// one; empty: none is.
std::string chosen_word(std::string_view text);

}  // namespace kvmkit
