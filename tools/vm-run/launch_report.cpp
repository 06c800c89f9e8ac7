// SPDX-License-Identifier: Apache-2.0
#include "launch_report.hpp"

#include "address_record.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "file_records.hpp"

#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::vm_run {

namespace {

using cli::Json;

Json image_record(const virt::DomainPlan& plan)
{
    if (!plan.spec.image || !plan.overlay) {
        return nullptr;
    }
    return {{"path", plan.spec.image->path.string()},
            {"format", word(plan.spec.image->format)},
            {"size", plan.spec.image->virtual_size.count()},
            {"overlay", plan.overlay->string()}};
}

Json thread_records(const std::vector<virt::VcpuThread>& threads)
{
    auto records = Json::array();
    for (const auto& thread : threads) {
        records.push_back({{"vcpu", thread.vcpu}, {"tid", thread.tid}, {"cpu", thread.cpu}});
    }
    return records;
}

double seconds(std::chrono::milliseconds time);

Json contention_record(const std::optional<Contention>& contention)
{
    if (!contention) {
        return nullptr;
    }
    return {{"waiting_share", contention->waiting},
            {"watched_seconds", seconds(contention->watched)},
            {"hurts", contention->hurts()}};
}

double seconds(std::chrono::milliseconds time)
{
    return static_cast<double>(time.count()) / 1000;
}

template <class T>
Json or_null(const std::optional<T>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

/// Whether the VM does not outlive this launch.
bool goes(const LaunchReport& report)
{
    return report.on_trial || report.plan.spec.lifetime == virt::Lifetime::ephemeral;
}

std::string ready_heading(const LaunchReport& report)
{
    const auto& name = report.plan.spec.name.str();
    switch (report.wait) {
        case Wait::ip: return fmt::format("VM '{}' has an address", name);
        case Wait::agent: return fmt::format("VM '{}' is ready: its guest agent is there", name);
        case Wait::ssh: return fmt::format("VM '{}' is ready: it answers to ssh", name);
        case Wait::cloud_init: return fmt::format("VM '{}' is ready: cloud-init has finished", name);
        default: return fmt::format("VM '{}' has booted", name);
    }
}

std::string heading(const LaunchReport& report)
{
    const auto& spec = report.plan.spec;
    switch (report.outcome) {
        case Outcome::planned: return fmt::format("VM '{}' would run", spec.name.str());
        case Outcome::started: return fmt::format("VM '{}' is started", spec.name.str());
        case Outcome::ready: return ready_heading(report);
        case Outcome::not_ready:
            return fmt::format("VM '{}' was not ready in time{}",
                               spec.name.str(),
                               !goes(report)  ? "; it runs on"
                               : report.again ? ", and is off again"
                                              : ", and is removed");
        case Outcome::ended: return fmt::format("VM '{}' ended: {}", spec.name.str(), report.end_reason);
    }
    return "";
}

void add_running(std::ostream& out, const LaunchReport& report)
{
    if (report.boot) {
        out << fmt::format(
            "  boot    {:.1f} s{}\n", seconds(*report.boot), report.ready_line ? ", ready line seen" : "");
    }
    if (report.address) {
        const auto port = report.address->ssh_port == 22 ? "" : fmt::format(" port {}", report.address->ssh_port);
        out << fmt::format("  address {}{}, told by {}\n", report.address->ip, port, report.address->source);
    }
    if (report.qemu) {
        out << fmt::format("  QEMU    process {}\n", *report.qemu);
    }
    for (const auto& thread : report.threads) {
        out << fmt::format("  vCPU {:<2} thread {} on CPU {}\n", thread.vcpu, thread.tid, thread.cpu);
    }
}

/// What the host has promised now, and whether that hurts already.
void add_host(std::ostream& out, const LaunchReport& report)
{
    constexpr double percent = 100;
    if (report.gate && report.gate->cpu_ratio && report.gate->memory_ratio) {
        out << fmt::format("  host    {:.1f} vCPUs per CPU, {:.0f} % of its memory promised\n",
                           *report.gate->cpu_ratio,
                           *report.gate->memory_ratio * percent);
    }
    if (report.contention && report.contention->hurts()) {
        out << fmt::format(
            "  waits   its vCPUs waited up to {:.0f} % of the time for a CPU: 'vm-run explain {}' shows why\n",
            report.contention->waiting * percent,
            report.plan.spec.name.str());
    }
}

/// The waterfall: each part of the launch, one below the other.
void add_stages(std::ostream& out, const LaunchReport& report)
{
    for (const auto& stage : report.stages) {
        out << fmt::format("  {:<16} {:>9.3f} s\n", stage.name, seconds(stage.took));
    }
}

Json stage_records(const std::vector<virt::Stage>& stages)
{
    auto records = Json::array();
    for (const auto& stage : stages) {
        records.push_back({{"stage", stage.name}, {"ms", stage.took.count()}});
    }
    return records;
}

Json step_records(const std::vector<StepTime>& steps)
{
    auto records = Json::array();
    for (const auto& step : steps) {
        records.push_back({{"step", step.step},
                           {"ms", step.took ? Json(step.took->count()) : Json(nullptr)},
                           {"by_hand", step.by_hand}});
    }
    return records;
}

Json decision_records(const std::vector<virt::Decision>& decisions)
{
    auto records = Json::array();
    for (const auto& decision : decisions) {
        records.push_back({{"what", decision.what},
                           {"choice", decision.choice},
                           {"why", decision.why},
                           {"evidence", decision.evidence.empty() ? Json(nullptr) : Json(decision.evidence)}});
    }
    return records;
}

Json nic_records(const virt::DomainPlan& plan)
{
    auto records = Json::array();
    for (std::size_t i = 0; i < plan.spec.nics.size(); ++i) {
        const auto& nic = plan.spec.nics[i];
        records.push_back({{"net", describe(nic)}, {"mac", mac_of(nic, plan.uuid, i)}});
    }
    return records;
}

void add_last_lines(std::ostream& out, const LaunchReport& report)
{
    if (report.outcome != Outcome::not_ready && report.outcome != Outcome::ended) {
        return;
    }
    for (const auto& sentence : report.evidence) {
        out << fmt::format("  {}\n", sentence);
    }
    out << (report.last_lines.empty() ? "  its console showed nothing\n" : "  last lines of its console:\n");
    for (const auto& line : report.last_lines) {
        out << "    " << line << '\n';
    }
}

void add_next(std::ostream& out, const LaunchReport& report)
{
    const bool failed = report.outcome == Outcome::ended || report.outcome == Outcome::not_ready;
    if (report.plan.spec.lifetime == virt::Lifetime::ephemeral || (failed && report.on_trial)) {
        return;
    }
    const std::string& name = report.plan.spec.name.str();
    if (report.outcome == Outcome::ended && !report.again) {
        out << fmt::format("  it is kept; remove it: vm-run rm {}\n", name);
    } else if (report.outcome != Outcome::planned) {
        if (report.plan.spec.hardware.vnc) {
            out << fmt::format("  see it: virt-viewer --attach --connect {} {}\n", report.uri, name);
        }
        out << fmt::format("  stop it: vm-run stop {0}; remove it: vm-run rm {0}\n", name);
    }
}

/// Of a VM that was launched before: what its launch told of disks, seed and steps is not told again.
Json start_record(const LaunchReport& report)
{
    const auto& spec = report.plan.spec;
    return {{"schema", cli::schema_name(tool_name, "start")},
            {"name", spec.name.str()},
            {"uuid", report.plan.uuid},
            {"uri", report.uri},
            {"outcome", word(report.outcome)},
            {"end_reason", report.end_reason.empty() ? Json(nullptr) : Json(report.end_reason)},
            {"accel", word(report.accelerator.type)},
            {"vcpus", spec.vcpus},
            {"memory", spec.memory.count()},
            {"nics", nic_records(report.plan)},
            {"wait", word(report.wait)},
            {"address", address_record(report.address)},
            {"evidence", report.evidence},
            {"stages", stage_records(report.stages)},
            {"boot_seconds", report.boot ? Json(seconds(*report.boot)) : Json(nullptr)},
            {"ready_line", or_null(report.ready_line)},
            {"qemu_pid", or_null(report.qemu)},
            {"vcpu_threads", thread_records(report.threads)},
            {"host_after", gate_record(report.gate)},
            {"contention", contention_record(report.contention)},
            {"last_console_lines", report.last_lines},
            {"steps", step_records(report.steps)}};
}

}  // namespace

std::string_view word(Outcome outcome) noexcept
{
    switch (outcome) {
        case Outcome::planned: return "planned";
        case Outcome::started: return "started";
        case Outcome::ready: return "ready";
        case Outcome::not_ready: return "not-ready";
        case Outcome::ended: return "ended";
    }
    return "";
}

cli::Json record_of(const LaunchReport& report)
{
    if (report.again) {
        return start_record(report);
    }
    const auto& spec = report.plan.spec;
    return {{"schema", cli::schema_name(tool_name, "launch", 2)},
            {"name", spec.name.str()},
            {"uuid", report.plan.uuid},
            {"uri", report.uri},
            {"outcome", word(report.outcome)},
            {"end_reason", report.end_reason.empty() ? Json(nullptr) : Json(report.end_reason)},
            {"accel", {{"kind", word(report.accelerator.type)}, {"why", report.accelerator.why}}},
            {"vcpus", spec.vcpus},
            {"memory", spec.memory.count()},
            {"network", describe(spec.nics)},
            {"nics", nic_records(report.plan)},
            {"wait", word(report.wait)},
            {"address", address_record(report.address)},
            {"evidence", report.evidence},
            {"stages", stage_records(report.stages)},
            {"image", image_record(report.plan)},
            {"disks", disk_records(report.plan)},
            {"seed", seed_record(report.plan)},
            {"kernel", spec.kernel ? Json(spec.kernel->kernel.string()) : Json(nullptr)},
            {"removed_at_end", spec.lifetime == virt::Lifetime::ephemeral},
            {"boot_seconds", report.boot ? Json(seconds(*report.boot)) : Json(nullptr)},
            {"ready_line", or_null(report.ready_line)},
            {"qemu_pid", or_null(report.qemu)},
            {"vcpu_threads", thread_records(report.threads)},
            {"host_after", gate_record(report.gate)},
            {"contention", contention_record(report.contention)},
            {"last_console_lines", report.last_lines},
            {"decisions", decision_records(report.decisions)},
            {"steps", step_records(report.steps)}};
}

void print_record(const cli::Console& console, const LaunchReport& report)
{
    cli::print_json(console, record_of(report));
    console.out.flush();  // the VM may go on for hours
}

void print_decisions(const cli::Console& console, const std::vector<virt::Decision>& decisions)
{
    for (const auto& decision : decisions) {
        console.out << fmt::format("  {:<16} {}\n  {:<16}   {}\n", decision.what, decision.choice, "", decision.why);
        if (!decision.evidence.empty()) {
            console.out << fmt::format("  {:<16}   here: {}\n", "", decision.evidence);
        }
    }
}

void print_summary(const cli::Console& console, const LaunchReport& report, const LaunchOptions& options)
{
    const auto& spec = report.plan.spec;
    std::ostringstream out;
    out << heading(report) << '\n'
        << fmt::format("  runs on {}, {} vCPU{}, {}, network {}, {}\n",
                       word(report.accelerator.type),
                       spec.vcpus,
                       spec.vcpus == 1 ? "" : "s",
                       human(spec.memory),
                       describe(spec.nics),
                       report.uri);
    add_running(out, report);
    add_host(out, report);
    if (options.verbose) {
        add_stages(out, report);
    }
    add_last_lines(out, report);
    out << (report.outcome == Outcome::ended ? std::string{} : login_line(report.plan));
    add_next(out, report);
    if (options.console) {
        console.note(out.str().substr(0, out.str().size() - 1));
    } else {
        console.end_progress();
        console.out << out.str() << std::flush;
    }
}

}  // namespace kvmkit::vm_run
