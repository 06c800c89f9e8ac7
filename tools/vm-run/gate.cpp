// SPDX-License-Identifier: Apache-2.0
#include "gate.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::vm_run {
namespace {

cli::Json number(const auto& value)
{
    return value ? cli::Json(*value) : cli::Json(nullptr);
}

cli::Json bytes(const std::optional<Bytes>& size)
{
    return size ? cli::Json(size->count()) : cli::Json(nullptr);
}

Error refusal(const LaunchGate& gate)
{
    auto message = fmt::format("refused to launch: {}", fmt::join(gate.reasons, "; "));
    if (!gate.committed.empty()) {
        message += fmt::format("\n  promised to {}", fmt::join(gate.committed, ", "));
    }
    return {ErrorCode::refused,
            std::move(message),
            "stop or remove VMs ('vm-run ps' shows them), ask for less, or say --overcommit"};
}

}  // namespace

void declare_gate(cli::po::options_description_easy_init& add)
{
    add("overcommit", "launch even where more CPUs or memory are promised than the limits allow");
}

LaunchDemand demand_of(const virt::VmSpec& spec)
{
    return {1, spec.vcpus, spec.memory, spec.hardware.pinned, spec.hardware.huge_pages.has_value()};
}

Result<std::optional<LaunchGate>> pass_gate(const Root& root, const std::vector<LaunchDemand>& demands, bool overcommit)
{
    const auto now = read_now(root);
    if (!now) {
        return std::optional<LaunchGate>{};  // a host without /proc is not to be judged
    }
    auto gate = judge_launch(now->vms, demands);
    if (gate.worst() == Strain::refuse && !overcommit) {
        return refusal(gate);
    }
    return std::optional{std::move(gate)};
}

void tell(const cli::Console& console, const LaunchGate& gate)
{
    for (const auto& reason : gate.reasons) {
        if (gate.worst() >= Strain::warn) {
            console.warn(fmt::format("the host is overcommitted: {}", reason));
        } else {
            console.note(reason);
        }
    }
}

cli::Json gate_record(const std::optional<LaunchGate>& gate)
{
    if (!gate) {
        return nullptr;
    }
    return {{"vcpus", gate->vcpus_after},
            {"cpus", number(gate->cpus)},
            {"cpu_ratio", number(gate->cpu_ratio)},
            {"densest_cpu", gate->densest ? cli::Json(gate->densest->cpu) : cli::Json(nullptr)},
            {"densest_vcpus", gate->densest ? cli::Json(gate->densest->vcpus) : cli::Json(nullptr)},
            {"cpu", word(gate->cpu)},
            {"memory_promised", gate->memory_after.count()},
            {"memory_capacity", bytes(gate->memory_capacity)},
            {"memory_ratio", number(gate->memory_ratio)},
            {"huge_pages_promised", gate->huge_after.count()},
            {"huge_pages_pool", bytes(gate->huge_pool)},
            {"memory", word(gate->memory)},
            {"reasons", gate->reasons}};
}

ContentionWatch::ContentionWatch(const Root& root, std::string uuid) : root_(root), uuid_(std::move(uuid))
{
    auto reading = read_now(root_);
    if (reading) {
        before_.emplace(std::move(*reading));
    }
}

std::optional<Contention> ContentionWatch::so_far() const
{
    constexpr std::chrono::milliseconds least{500};  // less, and one time slice of another task looks like pain
    auto now = read_now(root_);
    if (!before_ || !now || now->time - before_->time < least) {
        return std::nullopt;
    }
    const auto watched = std::chrono::duration_cast<std::chrono::milliseconds>(now->time - before_->time);
    const auto load = load_between(before_->vms, now->vms, now->time - before_->time);
    const auto vm = std::ranges::find(now->vms.vms, uuid_, [](const RunningVm& one) { return one.command.uuid; });
    if (vm == now->vms.vms.end()) {
        return std::nullopt;
    }
    std::optional<Contention> worst;
    for (const VmThread& thread : vm->known_threads()) {
        const auto waiting = load.of(thread.tid).waiting;
        if (waiting && (!worst || *waiting > worst->waiting)) {
            worst = Contention{*waiting, watched};
        }
    }
    return worst;
}

}  // namespace kvmkit::vm_run
