// SPDX-License-Identifier: Apache-2.0
#include "check/launch_gate.hpp"

#include "base/count.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include <fmt/format.h>

namespace kvmkit {
namespace {

Strain cpu_strain(double ratio)
{
    if (ratio > cpu_limit) {
        return Strain::refuse;
    }
    if (ratio > cpu_warning) {
        return Strain::warn;
    }
    return ratio > cpu_comfort ? Strain::note : Strain::ok;
}

Strain memory_strain(double ratio)
{
    if (ratio > memory_limit) {
        return Strain::refuse;
    }
    return ratio > memory_warning ? Strain::warn : Strain::ok;
}

bool in_huge_pages(const RunningVm& vm)
{
    return vm.huge_pages && vm.huge_pages->count() > 0;
}

Bytes plus(Bytes one, Bytes other)
{
    return Bytes::of(one.count() + other.count());
}

std::string_view line_of(Strain strain)
{
    return strain == Strain::refuse ? "the limit"
           : strain == Strain::warn ? "KubeVirt's default"
                                    : "what nobody notices";
}

double line_at(Strain strain)
{
    return strain == Strain::refuse ? cpu_limit : strain == Strain::warn ? cpu_warning : cpu_comfort;
}

/// The CPUs that its vCPUs are pinned to.
CpuSet pinned_set(const LaunchDemand& demand, const CpuSet& online)
{
    CpuSet set;
    for (const unsigned cpu : demand.pinned) {
        set = set.joined_with(CpuSet::parse(std::to_string(cpu)).value_or(CpuSet{}));
    }
    return set.empty() ? online : set.common_with(online);
}

/// Adds one VM's vCPUs where they will be.
void add_load(const LaunchDemand& demand, const CpuSet& online, std::map<unsigned, double>& load)
{
    const auto count = static_cast<double>(demand.count);
    if (demand.pinned.empty()) {
        for (const unsigned cpu : online.cpus()) {
            load[cpu] += count * demand.vcpus / static_cast<double>(online.size());
        }
        return;
    }
    for (unsigned vcpu = 0; vcpu < demand.vcpus; ++vcpu) {
        load[demand.pinned[vcpu % demand.pinned.size()]] += count;
    }
}

void judge_pinning(const RunningVms& running, const std::vector<LaunchDemand>& demands, LaunchGate& gate)
{
    if (std::ranges::all_of(demands, [](const LaunchDemand& one) { return one.pinned.empty(); })) {
        return;
    }
    auto load = cpu_demand(running);
    for (const LaunchDemand& demand : demands) {
        add_load(demand, **running.online, load);
    }
    const auto most = std::ranges::max_element(load, {}, [](const auto& entry) { return entry.second; });
    gate.densest = CpuCommitment::Densest{most->first, most->second};
    const auto strain = cpu_strain(most->second);
    if (strain > gate.cpu) {
        gate.cpu = strain;
        gate.reasons.push_back(fmt::format("{:.1f} vCPUs on CPU {} by pinning, where {:.0f} is {}",
                                           most->second,
                                           most->first,
                                           line_at(strain),
                                           line_of(strain)));
    }
}

void judge_cpus(const RunningVms& running, const std::vector<LaunchDemand>& demands, LaunchGate& gate)
{
    for (const RunningVm& vm : running.vms) {
        gate.vcpus_before += vm.vcpus.value_or(0);
    }
    gate.vcpus_after = gate.vcpus_before;
    for (const LaunchDemand& demand : demands) {
        gate.vcpus_after += demand.count * demand.vcpus;
    }
    if (!running.online || !*running.online || (*running.online)->empty()) {
        return;
    }
    const auto cpus = (*running.online)->size();
    gate.cpus = cpus;
    gate.cpu_ratio = static_cast<double>(gate.vcpus_after) / static_cast<double>(cpus);
    gate.cpu = cpu_strain(*gate.cpu_ratio);
    if (gate.cpu != Strain::ok) {
        gate.reasons.push_back(fmt::format("{} vCPUs on {}, {:.1f} for each, where {:.0f} is {}",
                                           gate.vcpus_after,
                                           counted(cpus, "CPU"),
                                           *gate.cpu_ratio,
                                           line_at(gate.cpu),
                                           line_of(gate.cpu)));
    }
    judge_pinning(running, demands, gate);
    const auto cramped = std::ranges::find_if(demands, [&running](const LaunchDemand& demand) {
        return demand.vcpus > pinned_set(demand, **running.online).size();
    });
    if (cramped != demands.end()) {
        const auto its = pinned_set(*cramped, **running.online).size();
        gate.cpu = std::max(gate.cpu, Strain::warn);
        gate.reasons.push_back(fmt::format(
            "a VM of {} vCPUs on {}: its own vCPUs wait for each other", cramped->vcpus, counted(its, "CPU")));
    }
}

/// QEMU does not start without them.
void judge_huge_pages(const RunningVms& running, const std::vector<LaunchDemand>& demands, LaunchGate& gate)
{
    for (const RunningVm& vm : running.vms) {
        gate.huge_after =
            in_huge_pages(vm) ? plus(gate.huge_after, vm.command.memory.value_or(Bytes{})) : gate.huge_after;
    }
    bool asked = false;
    for (const LaunchDemand& demand : demands) {
        if (demand.in_huge_pages) {
            asked = true;
            gate.huge_after = Bytes::of(gate.huge_after.count() + demand.count * demand.memory.count());
        }
    }
    if (!running.memory || !*running.memory) {
        return;
    }
    gate.huge_pool = (*running.memory)->huge_page_pool;
    if (asked && gate.huge_after > *gate.huge_pool) {
        gate.memory = Strain::refuse;
        gate.reasons.push_back(fmt::format("{} promised to VMs in huge pages, of {} that are set aside",
                                           human(gate.huge_after),
                                           human(*gate.huge_pool)));
    }
}

void judge_memory(const RunningVms& running, const std::vector<LaunchDemand>& demands, LaunchGate& gate)
{
    for (const RunningVm& vm : running.vms) {
        const auto memory = vm.command.memory.value_or(Bytes{});
        const auto own = overhead_of(memory, vm.vcpus.value_or(1));
        gate.memory_before = plus(gate.memory_before, in_huge_pages(vm) ? own : plus(memory, own));
    }
    gate.memory_after = gate.memory_before;
    for (const LaunchDemand& demand : demands) {
        const auto own = overhead_of(demand.memory, demand.vcpus);
        const auto each = demand.in_huge_pages ? own : plus(demand.memory, own);
        gate.memory_after = Bytes::of(gate.memory_after.count() + demand.count * each.count());
    }
    if (!running.memory || !*running.memory) {
        return;
    }
    const auto capacity = memory_for_guests((*running.memory)->total, (*running.memory)->huge_page_pool);
    gate.memory_capacity = capacity;
    gate.memory_ratio = static_cast<double>(gate.memory_after.count()) /
                        static_cast<double>(std::max<std::uint64_t>(capacity.count(), 1));
    gate.memory = memory_strain(*gate.memory_ratio);
    if (gate.memory != Strain::ok) {
        gate.reasons.push_back(fmt::format("{} promised to VMs, with QEMU itself, of {} that this host can give",
                                           human(gate.memory_after),
                                           human(capacity)));
    }
}

std::vector<std::string> largest(const RunningVms& running)
{
    std::vector<const RunningVm*> vms;
    vms.reserve(running.vms.size());
    std::ranges::transform(running.vms, std::back_inserter(vms), [](const RunningVm& vm) { return &vm; });
    std::ranges::sort(
        vms, std::ranges::greater{}, [](const RunningVm* vm) { return vm->command.memory.value_or(Bytes{}).count(); });
    constexpr std::size_t most = 5;
    std::vector<std::string> lines;
    lines.reserve(most + 1);
    for (std::size_t i = 0; i < std::min(most, vms.size()); ++i) {
        const RunningVm& vm = *vms[i];
        lines.push_back(fmt::format(
            "{}: {} vCPU{}, {}",
            vm.command.name.empty() ? fmt::format("process {}", vm.pid) : fmt::format("'{}'", vm.command.name),
            vm.vcpus.value_or(0),
            vm.vcpus == 1U ? "" : "s",
            human(vm.command.memory.value_or(Bytes{}))));
    }
    if (vms.size() > most) {
        lines.push_back(fmt::format("and {} more", vms.size() - most));
    }
    return lines;
}

}  // namespace

std::string_view word(Strain strain) noexcept
{
    switch (strain) {
        case Strain::ok: return "ok";
        case Strain::note: return "note";
        case Strain::warn: return "warn";
        case Strain::refuse: return "refuse";
    }
    return "ok";
}

Bytes overhead_of(Bytes memory, unsigned vcpus)
{
    constexpr std::uint64_t page_table_share = 512;  // 8 bytes for each page of 4 KiB
    constexpr std::uint64_t each_vcpu_mib = 8;
    constexpr std::uint64_t program_mib = 64;
    return Bytes::of(memory.count() / page_table_share + Bytes::mib(vcpus * each_vcpu_mib + program_mib).count());
}

Bytes memory_for_guests(Bytes total, Bytes huge_page_pool)
{
    constexpr std::uint64_t share = 20;  // 5 %
    const auto beside = total.count() - std::min(huge_page_pool, total).count();
    const auto kept = std::min(std::max(Bytes::mib(1024).count(), total.count() / share), beside / 2);
    return Bytes::of(beside - kept);
}

LaunchGate judge_launch(const RunningVms& running, const std::vector<LaunchDemand>& demands)
{
    LaunchGate gate;
    judge_cpus(running, demands, gate);
    judge_memory(running, demands, gate);
    judge_huge_pages(running, demands, gate);
    gate.committed = largest(running);
    return gate;
}

}  // namespace kvmkit
