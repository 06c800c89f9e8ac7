// SPDX-License-Identifier: Apache-2.0
#include "check/vm_load.hpp"

#include "facts/task.hpp"

#include <algorithm>

namespace kvmkit {
namespace {

using Duration = std::chrono::nanoseconds;

/// The threads of all VMs whose threads could be read.
std::map<int, const VmThread*> threads_of(const RunningVms& vms)
{
    std::map<int, const VmThread*> threads;
    for (const RunningVm& vm : vms.vms) {
        for (const VmThread& thread : vm.known_threads()) {
            threads.emplace(thread.tid, &thread);
        }
    }
    return threads;
}

/// Counters of different CPUs are read at slightly different times, so that a share may come out a little above 1.
std::optional<double> share(std::optional<Duration> time, Duration whole)
{
    if (!time || whole <= Duration::zero()) {
        return std::nullopt;
    }
    const double ratio = static_cast<double>(time->count()) / static_cast<double>(whole.count());
    return std::clamp(ratio, 0.0, 1.0);
}

std::optional<Duration> grown(std::optional<Duration> before, std::optional<Duration> after)
{
    return before && after ? std::optional{*after - *before} : std::nullopt;
}

}  // namespace

VmLoad load_between(const RunningVms& before, const RunningVms& after, Duration interval)
{
    VmLoad load{.span = VmLoad::Span::interval, .interval = interval, .of_thread = {}};
    const auto old = threads_of(before);
    for (const auto& [tid, thread] : threads_of(after)) {
        const auto known = old.find(tid);
        if (known == old.end() || known->second->start_ticks != thread->start_ticks) {
            continue;
        }
        load.of_thread.emplace(tid,
                               ThreadLoad{.running = share(grown(known->second->ran, thread->ran), interval),
                                          .waiting = share(grown(known->second->waited, thread->waited), interval)});
    }
    return load;
}

VmLoad load_since_start(const RunningVms& vms)
{
    if (!vms.uptime || !*vms.uptime) {
        return {};
    }
    VmLoad load{.span = VmLoad::Span::since_start, .interval = {}, .of_thread = {}};
    const auto now = static_cast<std::uint64_t>(**vms.uptime / proc_tick);
    for (const auto& [tid, thread] : threads_of(vms)) {
        const auto age = now - std::min(thread->start_ticks, now);
        const auto lived = proc_tick * static_cast<std::int64_t>(age);
        load.of_thread.emplace(tid, ThreadLoad{share(thread->ran, lived), share(thread->waited, lived)});
    }
    return load;
}

}  // namespace kvmkit
