// SPDX-License-Identifier: Apache-2.0
#include "base/shell.hpp"
#include "check/boot_options.hpp"
#include "check/catalogue.hpp"
#include "check/operators.hpp"
#include "check/skipping.hpp"
#include "check/traits.hpp"
#include "facts/version.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

constexpr Bytes small_guest = Bytes::mib(1024);

/// Null where nobody looked, or where the limits are not those of the user who is judged.
const ProcessFacts* own_process(const HostFacts& host)
{
    const auto& process = host.resources.process;
    if (!process || !*process) {
        return nullptr;
    }
    const bool other = host.user && *host.user && (*host.user)->uid != (*process)->uid;
    return other ? nullptr : &**process;
}

Verdict no_process(const HostFacts& host)
{
    const auto& process = host.resources.process;
    if (!process) {
        return unknown(process.error());
    }
    return *process ? skip("the limits of another user's session are not known")
                    : nothing_at(host, "/proc/self/limits");
}

Verdict judge_available(const HostFacts& host)
{
    const auto& memory = host.resources.memory;
    if (!memory) {
        return unknown(memory.error());
    }
    if (!*memory) {
        return nothing_at(host, "/proc/meminfo");
    }
    const ProcessFacts* process = own_process(host);
    if (process != nullptr && process->memory_left && *process->memory_left < small_guest) {
        return warn(
            fmt::format("the control group leaves {}: too little for a guest of 1 GiB", human(*process->memory_left)),
            Remedy{"raise the memory limit where this session or container is started, or give guests less"});
    }
    if (!(*memory)->available) {
        return skip("/proc/meminfo has no MemAvailable");
    }
    if (*(*memory)->available < small_guest) {
        return warn(
            fmt::format("{} of memory are available (MemAvailable): too little for a guest of 1 GiB",
                        human(*(*memory)->available)),
            Remedy{"stop what takes the memory, or give guests less", {"ps -eo rss,pid,args --sort=-rss | head"}});
    }
    return pass(fmt::format("{} of memory are available", human(*(*memory)->available)));
}

Verdict judge_huge_pages(const HostFacts& host)
{
    const auto& promises = host.resources.promises;
    const auto& transparent = host.resources.transparent_pages;
    if (!promises) {
        return unknown(promises.error());
    }
    if (!*promises) {
        return nothing_at(host, "/proc/meminfo");
    }
    if ((*promises)->huge_pages > 0) {
        return pass(fmt::format("{} of {} huge pages of {} are free",
                                (*promises)->huge_pages_free,
                                (*promises)->huge_pages,
                                human((*promises)->huge_page_size.value_or(Bytes{}))));
    }
    const auto word = transparent ? transparent->value_or("") : "";
    return pass(word.empty() ? std::string{"no huge pages are set aside"}
                             : fmt::format("no huge pages are set aside; transparent ones: {}", word));
}

Verdict judge_locked(const HostFacts& host)
{
    const ProcessFacts* process = own_process(host);
    if (process == nullptr) {
        return no_process(host);
    }
    if (process->uid == 0) {
        return pass("root may lock any amount of memory");
    }
    if (!process->locked_memory) {
        return skip("/proc/self/limits does not tell");
    }
    const auto& soft = process->locked_memory->soft;
    if (!soft) {
        return pass("RLIMIT_MEMLOCK is unlimited");
    }
    const auto name = host.user && *host.user ? (*host.user)->name : std::string{"*"};
    return unneeded(
        fmt::format("RLIMIT_MEMLOCK is {}: guests that this user starts by QEMU itself get no devices of the "
                    "host; libvirt's do",
                    human(Bytes::of(*soft))),
        {"raise it as root, then log in again",
         {fmt::format("echo {} >/etc/security/limits.d/memlock.conf",
                      shell_word(fmt::format("{} - memlock unlimited", name)))}});
}

Verdict judge_overcommit(const HostFacts& host)
{
    const auto& overcommit = host.resources.overcommit;
    if (!overcommit) {
        return unknown(overcommit.error());
    }
    if (!*overcommit) {
        return nothing_at(host, "/proc/sys/vm/overcommit_memory");
    }
    if (**overcommit != "2") {
        return pass(fmt::format("vm.overcommit_memory is {}: guests get what they ask for", **overcommit));
    }
    const auto& promises = host.resources.promises;
    if (!promises || !*promises || !(*promises)->limit || !(*promises)->promised) {
        return pass("vm.overcommit_memory is 2: the kernel promises no more than CommitLimit");
    }
    const auto limit = (*promises)->limit->count();
    const auto left = Bytes::of(limit - std::min(limit, (*promises)->promised->count()));
    if (left >= small_guest) {
        return pass(fmt::format("vm.overcommit_memory is 2, and {} may still be promised", human(left)));
    }
    return warn(
        fmt::format("vm.overcommit_memory is 2, and only {} may still be promised: bigger guests get ENOMEM",
                    human(left)),
        Remedy{"let the kernel promise more, now and at every boot",
               {"sysctl vm.overcommit_memory=0", "echo vm.overcommit_memory=0 >/etc/sysctl.d/90-overcommit.conf"}});
}

Verdict judge_merging(const HostFacts& host)
{
    const auto& merging = host.resources.samepage_merging;
    if (!merging) {
        return unknown(merging.error());
    }
    if (!*merging) {
        return nothing_at(host, "/sys/kernel/mm/ksm/run");
    }
    return pass(**merging == "1" ? "the kernel merges guests' equal pages: it costs CPU time, and one guest may notice "
                                   "what another holds (/sys/kernel/mm/ksm/run is 1)"
                                 : "the kernel does not merge guests' equal pages");
}

std::string_view phrase(ControlGroups::Version version)
{
    switch (version) {
        case ControlGroups::Version::v1: return "version 1";
        case ControlGroups::Version::hybrid: return "version 1 beside version 2";
        case ControlGroups::Version::v2: return "version 2";
    }
    return "";
}

/// Those by which libvirt bounds its guests.
std::vector<std::string_view> missing_controllers(const ControlGroups& groups)
{
    const bool unified = groups.version == ControlGroups::Version::v2;
    const std::array<std::string_view, 5> wanted{"cpu", "cpuset", "memory", unified ? "io" : "blkio", "pids"};
    std::vector<std::string_view> missing;
    for (const auto name : wanted) {
        if (!groups.controllers.contains(name)) {
            missing.push_back(name);
        }
    }
    return missing;
}

Verdict judge_controllers(const HostFacts& host)
{
    const auto& groups = host.resources.cgroups;
    if (!groups) {
        return unknown(groups.error());
    }
    if (!*groups) {
        return nothing_at(host, "/sys/fs/cgroup/cgroup.controllers");
    }
    const auto missing = missing_controllers(**groups);
    if (missing.empty()) {
        return pass(
            fmt::format("control groups of {} have all controllers that libvirt uses", phrase((*groups)->version)));
    }
    const auto evidence = fmt::format("control groups of {} lack {}: libvirt cannot bound guests by {}",
                                      phrase((*groups)->version),
                                      fmt::join(missing, ", "),
                                      missing.size() == 1 ? "it" : "them");
    const auto& line = host.kernel_settings.command_line;
    const auto disabled = line && *line ? command_line_word(**line, "cgroup_disable") : std::nullopt;
    return unneeded(evidence,
                    disabled
                        ? remove_boot_option(host, *disabled)
                        : Remedy{"have the controllers handed down where this container is started, or boot a kernel "
                                 "that has them"});
}

Verdict judge_tasks(const HostFacts& host)
{
    constexpr std::uint64_t enough = 64;  // QEMU's threads of a guest with several vCPUs and disks
    const ProcessFacts* process = own_process(host);
    if (process == nullptr) {
        return no_process(host);
    }
    if (process->tasks_left && *process->tasks_left < enough) {
        return warn(fmt::format("the control group leaves {} tasks (pids.max): QEMU may start too few threads",
                                *process->tasks_left),
                    Remedy{"raise the limit where this session or container is started (TasksMax, --pids-limit)"});
    }
    const auto soft = process->tasks ? process->tasks->soft : std::nullopt;
    if (process->uid != 0 && soft && *soft < enough) {
        return warn(fmt::format("this user may have {} tasks (RLIMIT_NPROC): QEMU may start too few threads", *soft),
                    Remedy{"raise nproc in /etc/security/limits.conf, then log in again"});
    }
    return pass(process->tasks_left ? fmt::format("the control group leaves {} tasks", *process->tasks_left)
                                    : std::string{"no control group bounds the tasks of guests"});
}

/// Since 9.0 QEMU raises its soft limit to the hard one; one that is not known is taken for such a one.
bool raises_files(const HostFacts& host)
{
    constexpr Version first{9, 0, 0};
    const auto& version = host.qemu.version;
    const auto number = version && *version ? parse_version(upstream_version(**version)) : std::nullopt;
    return !number || *number >= first;
}

Verdict judge_files(const HostFacts& host)
{
    constexpr std::uint64_t enough = 1024;
    const ProcessFacts* process = own_process(host);
    if (process == nullptr) {
        return no_process(host);
    }
    if (!process->open_files) {
        return skip("/proc/self/limits does not tell");
    }
    const auto& hard = process->open_files->hard;
    const auto limit = raises_files(host) ? hard : process->open_files->soft;
    if (!limit || *limit >= enough) {
        return pass(limit ? fmt::format("a process may open {} files (RLIMIT_NOFILE)", *limit)
                          : std::string{"a process may open any number of files (RLIMIT_NOFILE)"});
    }
    const bool may_raise = !hard || *hard >= enough;
    return warn(fmt::format("a process may open no more than {} files (RLIMIT_NOFILE): guests with many disks or "
                            "queues cannot start",
                            *limit),
                may_raise ? Remedy{"raise it in the shell that starts QEMU; libvirt's VMs have the limit of its "
                                   "daemon",
                                   {fmt::format("ulimit -Sn {}", enough)}}
                          : Remedy{"raise nofile in /etc/security/limits.conf, then log in again"});
}

/// On hardware the TSC was there from the start: another clock was asked for, or the kernel found the TSC unstable.
Verdict judge_slow_clock(const HostFacts& host, const std::string& clock)
{
    const auto evidence =
        fmt::format("the kernel reads the time from {} and not from the TSC: guests' clocks cost exits", clock);
    const auto& line = host.kernel_settings.command_line;
    for (const std::string_view key : {"clocksource", "tsc", "notsc"}) {
        const auto word = line && *line ? command_line_word(**line, key) : std::nullopt;
        if (word && *word != "tsc=reliable" && *word != "clocksource=tsc") {
            return warn(fmt::format("{} ({} on its command line)", evidence, *word), remove_boot_option(host, *word));
        }
    }
    const auto available = host.resources.clocksources ? host.resources.clocksources->value_or("") : "";
    if (available.starts_with("tsc") || available.find(" tsc") != std::string::npos) {
        return warn(
            evidence,
            Remedy{"choose the TSC", {"echo tsc >/sys/devices/system/clocksource/clocksource0/current_clocksource"}});
    }
    return warn(evidence,
                Remedy{"see why the kernel found the TSC unstable; new firmware often mends it",
                       {"dmesg | grep -i -e tsc -e clocksource"}});
}

Verdict judge_clock(const HostFacts& host)
{
    const auto& clock = host.resources.clocksource;
    if (!clock) {
        return unknown(clock.error());
    }
    if (!*clock) {
        return nothing_at(host, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    }
    const bool hardware = host.underlay && *host.underlay && !is_guest(host);
    const bool slow = **clock == "hpet" || **clock == "acpi_pm" || **clock == "jiffies" || **clock == "refined-jiffies";
    return is_pc(host) && hardware && slow ? judge_slow_clock(host, **clock)
                                           : pass(fmt::format("the kernel reads the time from {}", **clock));
}

Verdict judge_balancing(const HostFacts& host)
{
    const auto& balancing = host.resources.numa_balancing;
    const auto nodes = host.resources.numa_nodes;
    if (!balancing) {
        return unknown(balancing.error());
    }
    if (nodes == 0) {
        return nothing_at(host, "/sys/devices/system/node");
    }
    if (nodes == 1) {
        return does_not_apply("there is one NUMA node");
    }
    if (!*balancing) {
        return pass(fmt::format("{} NUMA nodes; this kernel does not move memory between them", nodes));
    }
    return pass(fmt::format("{} NUMA nodes; the kernel {} memory to the CPUs that use it (kernel.numa_balancing is {})",
                            nodes,
                            **balancing == "0" ? "does not move" : "moves",
                            **balancing));
}

std::string group_phrase(const DeviceList& list)
{
    return list.group.empty() ? "this process's control group" : fmt::format("the control group {}", list.group);
}

/// Version 1 keeps a list of devices for each group; version 2 has a program in the kernel instead, which nobody can
/// read: there only opening the device tells.
Verdict judge_devices(const HostFacts& host)
{
    const auto& lists = host.resources.device_lists;
    if (!lists) {
        return unknown(lists.error());
    }
    if (!*lists) {
        return host.resources.looked ? skip("control groups of version 2 keep no list of devices that could be read")
                                     : nothing_at(host, "/sys/fs/cgroup/devices");
    }
    for (const DeviceList& list : **lists) {
        if (!list.allows_kvm) {
            return warn(fmt::format("{} may not open /dev/kvm (no c 10:232 in its devices.list)", group_phrase(list)),
                        Remedy{"allow it where the group is made: DeviceAllow=/dev/kvm of its unit, "
                               "cgroup_device_acl of /etc/libvirt/qemu.conf, or docker --device /dev/kvm"});
        }
    }
    return (*lists)->empty() ? skip("no group that matters keeps a list of devices")
                             : pass("control groups let guests have /dev/kvm");
}

constexpr std::array checks{
    Check{"mem.available", "there is memory for a guest", Severity::advisory, {}, judge_available},
    Check{"mem.hugepages", "huge pages", Severity::advisory, {}, judge_huge_pages},
    Check{"mem.memlock", "guests' memory may be locked", Severity::advisory, {}, judge_locked},
    Check{"mem.overcommit", "the kernel promises enough memory", Severity::advisory, {}, judge_overcommit},
    Check{"mem.ksm", "merging of equal pages", Severity::advisory, {}, judge_merging},
    Check{"cg.controllers", "libvirt can bound guests", Severity::advisory, {}, judge_controllers},
    Check{"cg.devices", "control groups allow /dev/kvm", Severity::advisory, {"kvm.access"}, judge_devices},
    Check{"limits.pids", "QEMU may have its threads", Severity::advisory, {}, judge_tasks},
    Check{"limits.nofile", "QEMU may open its files", Severity::advisory, {}, judge_files},
    Check{"time.clocksource", "the clock is quick to read", Severity::advisory, {}, judge_clock},
    Check{"numa.balancing", "memory follows the CPUs", Severity::advisory, {}, judge_balancing},
};

}  // namespace

std::span<const Check> resource_checks()
{
    return checks;
}

}  // namespace kvmkit
