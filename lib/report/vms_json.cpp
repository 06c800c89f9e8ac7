// SPDX-License-Identifier: Apache-2.0
#include "report/vms_json.hpp"

#include "report/text_or_null.hpp"

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json value_or_null(const std::optional<T>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

Json bytes_or_null(const std::optional<Bytes>& size)
{
    return size ? Json(size->count()) : Json(nullptr);
}

Json seconds_or_null(const std::optional<std::chrono::nanoseconds>& time)
{
    return time ? Json(std::chrono::duration<double>(*time).count()) : Json(nullptr);
}

Json cpus_json(const std::optional<CpuSet>& cpus)
{
    return cpus ? Json{{"list", cpus->text()}, {"count", cpus->size()}} : Json(nullptr);
}

std::string_view word(VmThread::Role role)
{
    switch (role) {
        case VmThread::Role::vcpu: return "vcpu";
        case VmThread::Role::all_vcpus: return "all-vcpus";
        case VmThread::Role::unnamed: return "unnamed";
    }
    return "unnamed";
}

Json span_json(VmLoad::Span span)
{
    switch (span) {
        case VmLoad::Span::none: return nullptr;
        case VmLoad::Span::interval: return "interval";
        case VmLoad::Span::since_start: return "start";
    }
    return nullptr;
}

Json thread_json(const VmThread& thread, const ThreadLoad& load)
{
    return {{"tid", thread.tid},
            {"name", thread.name},
            {"role", word(thread.role)},
            {"vcpu", value_or_null(thread.vcpu)},
            {"cpu", value_or_null(thread.cpu)},
            {"cpus_allowed", cpus_json(thread.allowed)},
            {"running_share", value_or_null(load.running)},
            {"waiting_share", value_or_null(load.waiting)},
            {"ran_s", seconds_or_null(thread.ran)},
            {"waited_s", seconds_or_null(thread.waited)}};
}

Json libvirt_json(const std::optional<LibvirtDomain>& domain)
{
    return domain ? Json{{"name", domain->name}, {"id", value_or_null(domain->id)}, {"state", domain->state}}
                  : Json(nullptr);
}

Json vm_json(const RunningVm& vm, const VmLoad& load)
{
    Json threads = Json::array();
    for (const VmThread& thread : vm.known_threads()) {
        threads.push_back(thread_json(thread, load.of(thread.tid)));
    }
    return {{"pid", vm.pid},
            {"name", text_or_null(vm.command.name)},
            {"uuid", text_or_null(vm.command.uuid)},
            {"libvirt", libvirt_json(vm.libvirt)},
            {"accelerator", text_or_null(vm.accelerator)},
            {"vcpus", value_or_null(vm.vcpus)},
            {"memory_bytes", bytes_or_null(vm.command.memory)},
            {"resident_bytes", bytes_or_null(vm.resident)},
            {"huge_page_bytes", bytes_or_null(vm.huge_pages)},
            {"swapped_bytes", bytes_or_null(vm.swapped)},
            {"threads_named", vm.threads_named()},
            {"threads", vm.threads ? std::move(threads) : Json(nullptr)},
            {"problem", vm.threads ? Json(nullptr) : Json(vm.threads.error().message)}};
}

Json conventions_json(std::span<const Convention> conventions, std::optional<double> ratio)
{
    Json list = Json::array();
    for (const Convention& convention : conventions) {
        list.push_back({{"who", convention.who},
                        {"setting", convention.setting},
                        {"limit", convention.limit},
                        {"within", ratio ? Json(*ratio <= convention.limit) : Json(nullptr)}});
    }
    return list;
}

Json cpu_json(const CpuCommitment& cpu)
{
    const Json densest = cpu.densest ? Json{{"cpu", cpu.densest->cpu}, {"vcpus", cpu.densest->vcpus}} : Json(nullptr);
    return {{"vcpus", cpu.vcpus},
            {"vms_unknown", cpu.vms_unknown},
            {"online", cpus_json(cpu.online)},
            {"usable", cpus_json(cpu.usable)},
            {"ratio", value_or_null(cpu.ratio)},
            {"densest", densest},
            {"conventions", conventions_json(cpu_conventions(), cpu.ratio)}};
}

Json memory_json(const MemoryCommitment& memory)
{
    return {{"promised_bytes", memory.promised.count()},
            {"capacity_bytes", bytes_or_null(memory.capacity)},
            {"ratio", value_or_null(memory.ratio)},
            {"huge_pages_promised_bytes", memory.promised_huge.count()},
            {"huge_pages_capacity_bytes", bytes_or_null(memory.pool)},
            {"huge_pages_ratio", value_or_null(memory.ratio_huge)},
            {"vms_unknown", memory.vms_unknown},
            {"conventions", conventions_json(memory_conventions(), memory.ratio)}};
}

Json worst_json(const std::optional<Worst>& worst)
{
    if (!worst) {
        return nullptr;
    }
    return {{"pid", worst->pid},
            {"vm", text_or_null(worst->vm)},
            {"tid", worst->tid},
            {"vcpu", value_or_null(worst->vcpu)},
            {"waiting_share", worst->waiting}};
}

Json pain_json(const Pain& pain)
{
    return {{"hurts", value_or_null(pain.now)},
            {"reasons", Json(pain.reasons)},
            {"mean_waiting_share", value_or_null(pain.mean_waiting)},
            {"worst", worst_json(pain.worst)},
            {"cpu_some_avg10_percent", value_or_null(pain.cpu_some)},
            {"memory_full_avg10_percent", value_or_null(pain.memory_full)},
            {"thresholds",
             {{"waiting_share", painful_waiting},
              {"cpu_some_avg10_percent", painful_cpu_pressure},
              {"memory_full_avg10_percent", painful_memory_pressure}}}};
}

}  // namespace

nlohmann::ordered_json to_json(const VmsReport& report)
{
    const auto& [running, load, overcommit] = report;
    Json vms = Json::array();
    for (const RunningVm& vm : running.vms) {
        vms.push_back(vm_json(vm, load));
    }
    const bool measured = load.span == VmLoad::Span::interval;
    return {
        {"shares",
         {{"over", span_json(load.span)}, {"interval_s", measured ? seconds_or_null(load.interval) : Json(nullptr)}}},
        {"vms", std::move(vms)},
        {"unseen", {{"unreadable_processes", running.unreadable}, {"others_hidden", running.others_hidden}}},
        {"cpu", cpu_json(overcommit.cpu)},
        {"memory", memory_json(overcommit.memory)},
        {"now", pain_json(overcommit.pain)}};
}

}  // namespace kvmkit
