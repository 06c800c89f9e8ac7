// SPDX-License-Identifier: Apache-2.0
#include "report/vm_explained.hpp"

#include "check/neighbours.hpp"
#include "report/vms_json.hpp"
#include "report/vms_text.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

constexpr double percent = 100;

std::string vcpu_text(const VmThread& thread)
{
    switch (thread.role) {
        case VmThread::Role::vcpu: return fmt::format("vCPU {}", thread.vcpu.value_or(0));
        case VmThread::Role::all_vcpus: return "all vCPUs";
        case VmThread::Role::unnamed: break;
    }
    return fmt::format("thread {}", thread.tid);
}

std::string name_of(const RunningVm& vm)
{
    constexpr std::size_t width = 24;
    return vm.command.name.empty() ? fmt::format("process {}", vm.pid)
                                   : fmt::format("VM '{}'", harmless(vm.command.name, width));
}

/// "vCPU 1 of VM 'db' (runs 12 %)"
std::string tenant_text(const Tenant& tenant, const VmLoad& load)
{
    const auto running = load.of(tenant.thread->tid).running;
    const auto share = running ? fmt::format(" (runs {:.0f} %)", *running * percent) : std::string{};
    return fmt::format("{} of {}{}", vcpu_text(*tenant.thread), name_of(*tenant.vm), share);
}

std::string shared_lines(const std::vector<SharedCpu>& cpus, const VmLoad& load)
{
    std::string text;
    for (const SharedCpu& shared : cpus) {
        std::vector<std::string> own;
        own.reserve(shared.own.size());
        std::ranges::transform(
            shared.own, std::back_inserter(own), [](const Tenant& tenant) { return vcpu_text(*tenant.thread); });
        text += fmt::format(
            "  CPU {:<4} {}, {:.1f} vCPUs may run there\n", shared.cpu, fmt::join(own, ", "), shared.demand);
        for (const Tenant& other : shared.others) {
            text += fmt::format("           beside {}\n", tenant_text(other, load));
        }
    }
    return text;
}

std::string accelerator_line(const RunningVm& vm)
{
    if (vm.accelerator == "kvm") {
        return "  KVM runs the guest's instructions on the CPU itself\n";
    }
    if (vm.accelerator == "tcg") {
        return "  TCG, QEMU's emulator, runs the guest's instructions: many times slower than KVM\n";
    }
    return {};
}

/// What the guest notices.
std::string waiting_line(const RunningVm& vm, const VmLoad& load)
{
    const VmThread* worst = nullptr;
    double most = -1;
    for (const VmThread& thread : vm.known_threads()) {
        const auto waiting = load.of(thread.tid).waiting;
        if (waiting && *waiting > most) {
            most = *waiting;
            worst = &thread;
        }
    }
    if (worst == nullptr) {
        return "  how long its vCPUs wait for a CPU is not known here\n";
    }
    return fmt::format("  {} waits most, {:.1f} % of its time, for a CPU: its guest sees it as steal; {}\n",
                       vcpu_text(*worst),
                       most * percent,
                       most >= painful_waiting ? "it hurts" : "it does not hurt");
}

Json tenant_json(const Tenant& tenant, const VmLoad& load)
{
    const auto share = load.of(tenant.thread->tid);
    const auto number = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
    return {{"pid", tenant.vm->pid},
            {"vm", tenant.vm->command.name.empty() ? Json(nullptr) : Json(tenant.vm->command.name)},
            {"tid", tenant.thread->tid},
            {"vcpu", number(tenant.thread->vcpu)},
            {"running_share", number(share.running)},
            {"waiting_share", number(share.waiting)}};
}

Json shared_json(const VmsReport& report, const RunningVm& vm)
{
    auto cpus = Json::array();
    for (const SharedCpu& shared : shared_cpus(report.running, vm)) {
        auto own = Json::array();
        auto others = Json::array();
        for (const Tenant& tenant : shared.own) {
            own.push_back(tenant_json(tenant, report.load));
        }
        for (const Tenant& tenant : shared.others) {
            others.push_back(tenant_json(tenant, report.load));
        }
        cpus.push_back({{"cpu", shared.cpu}, {"vcpu_demand", shared.demand}, {"own", own}, {"others", others}});
    }
    return cpus;
}

/// The sum over the vCPUs that are known; absent if none is.
std::optional<double> sum_of(const RunningVm& vm, const VmLoad& load, std::optional<double> ThreadLoad::*share)
{
    std::optional<double> sum;
    for (const VmThread& thread : vm.known_threads()) {
        if (const auto value = load.of(thread.tid).*share) {
            sum = sum.value_or(0) + *value;
        }
    }
    return sum;
}

std::string cpus_now(const RunningVm& vm)
{
    constexpr std::size_t width = 16;
    std::vector<unsigned> cpus;
    for (const VmThread& thread : vm.known_threads()) {
        if (thread.cpu && std::ranges::find(cpus, *thread.cpu) == cpus.end()) {
            cpus.push_back(*thread.cpu);
        }
    }
    std::ranges::sort(cpus);
    return cpus.empty() ? std::string{"-"} : harmless(fmt::format("{}", fmt::join(cpus, ",")), width);
}

}  // namespace

std::string explain_text(const VmsReport& report, const RunningVm& vm, Paint paint)
{
    auto text = vm_text(vm, report, paint) + accelerator_line(vm) + waiting_line(vm, report.load);
    const auto shared = shared_lines(shared_cpus(report.running, vm), report.load);
    text += shared.empty() ? std::string{} : "\nthe CPUs that its vCPUs are on\n" + shared;
    return text + "\nthe host\n" + host_text(report, paint);
}

nlohmann::ordered_json explain_json(const VmsReport& report, const RunningVm& vm)
{
    Json record = to_json(report);
    const auto wanted = std::ranges::find(record["vms"], Json(vm.pid), [](const Json& one) { return one.at("pid"); });
    Json one = wanted == record["vms"].end() ? Json(nullptr) : *wanted;
    record.erase("vms");
    record["vm"] = std::move(one);
    record["shared_cpus"] = shared_json(report, vm);
    return record;
}

std::string vms_table(const VmsReport& report)
{
    constexpr std::size_t name_width = 20;
    const auto share = [](const std::optional<double>& value) {
        return value ? fmt::format("{:.0f} %", *value * percent) : std::string{"-"};
    };
    auto text = fmt::format("{:<20}  {:>7}  {:<5}  {:>5}  {:>8}  {:>8}  {:>6}  {:>5}  {}\n",
                            "NAME",
                            "PROCESS",
                            "ACCEL",
                            "VCPUS",
                            "MEMORY",
                            "IN RAM",
                            "RUNS",
                            "WAITS",
                            "ON CPUS");
    for (const RunningVm& vm : report.running.vms) {
        const auto worst = sum_of(vm, report.load, &ThreadLoad::waiting);
        const auto count = vm.known_threads().size();
        text += fmt::format(
            "{:<20}  {:>7}  {:<5}  {:>5}  {:>8}  {:>8}  {:>6}  {:>5}  {}\n",
            vm.command.name.empty() ? std::string{"-"} : harmless(vm.command.name, name_width),
            vm.pid,
            vm.accelerator.empty() ? std::string{"-"} : harmless(vm.accelerator, 5),
            vm.vcpus ? fmt::format("{}", *vm.vcpus) : std::string{"-"},
            vm.command.memory ? human(*vm.command.memory) : std::string{"-"},
            vm.resident ? human(*vm.resident) : std::string{"-"},
            share(sum_of(vm, report.load, &ThreadLoad::running)),
            share(worst ? std::optional{*worst / static_cast<double>(std::max<std::size_t>(count, 1))} : std::nullopt),
            cpus_now(vm));
    }
    return text;
}

}  // namespace kvmkit
