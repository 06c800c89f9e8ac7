// SPDX-License-Identifier: Apache-2.0
#include "launch_report.hpp"

#include "cleanup.hpp"
#include "cli/json.hpp"

#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::vm_run {
namespace {

using cli::Json;

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

std::string network_text(const virt::Network& network)
{
    if (const auto* bridge = std::get_if<virt::BridgeNetwork>(&network)) {
        return "bridge=" + bridge->bridge;
    }
    return std::holds_alternative<virt::NoNetwork>(network) ? "none" : "user";
}

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

double seconds(std::chrono::milliseconds time)
{
    return static_cast<double>(time.count()) / 1000;
}

template <class T>
Json or_null(const std::optional<T>& value)
{
    return value ? Json(*value) : Json(nullptr);
}

std::string heading(const LaunchReport& report)
{
    const auto& spec = report.plan.spec;
    switch (report.outcome) {
        case Outcome::planned: return fmt::format("VM '{}' would run", spec.name.str());
        case Outcome::started: return fmt::format("VM '{}' is started", spec.name.str());
        case Outcome::ready: return fmt::format("VM '{}' has booted", spec.name.str());
        case Outcome::not_ready:
            return fmt::format("VM '{}' was not ready in time{}",
                               spec.name.str(),
                               spec.lifetime == virt::Lifetime::ephemeral ? ", and is removed" : "; it runs on");
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
    if (report.qemu) {
        out << fmt::format("  QEMU    process {}\n", *report.qemu);
    }
    for (const auto& thread : report.threads) {
        out << fmt::format("  vCPU {:<2} thread {} on CPU {}\n", thread.vcpu, thread.tid, thread.cpu);
    }
}

void add_last_lines(std::ostream& out, const LaunchReport& report)
{
    if (report.outcome != Outcome::not_ready && report.outcome != Outcome::ended) {
        return;
    }
    out << (report.last_lines.empty() ? "  its console showed nothing\n" : "  last lines of its console:\n");
    for (const auto& line : report.last_lines) {
        out << "    " << line << '\n';
    }
}

void add_next(std::ostream& out, const LaunchReport& report)
{
    if (report.plan.spec.lifetime == virt::Lifetime::ephemeral) {
        return;
    }
    const std::string& name = report.plan.spec.name.str();
    if (report.outcome == Outcome::ended) {
        out << fmt::format("  it is kept; remove it: vm-run rm {}\n", name);
    } else if (report.outcome != Outcome::planned) {
        out << fmt::format("  stop it: vm-run stop {0}; remove it: vm-run rm {0}\n", name);
    }
}

}  // namespace

void print_record(const cli::Console& console, const LaunchReport& report)
{
    const auto& spec = report.plan.spec;
    cli::print_json(console,
                    {{"schema", cli::schema_name(tool_name, "launch")},
                     {"name", spec.name.str()},
                     {"uuid", report.plan.uuid},
                     {"uri", report.uri},
                     {"outcome", word(report.outcome)},
                     {"end_reason", report.end_reason.empty() ? Json(nullptr) : Json(report.end_reason)},
                     {"accel", {{"kind", word(report.accelerator.type)}, {"why", report.accelerator.why}}},
                     {"vcpus", spec.vcpus},
                     {"memory", spec.memory.count()},
                     {"network", network_text(spec.network)},
                     {"image", image_record(report.plan)},
                     {"kernel", spec.kernel ? Json(spec.kernel->kernel.string()) : Json(nullptr)},
                     {"removed_at_end", spec.lifetime == virt::Lifetime::ephemeral},
                     {"boot_seconds", report.boot ? Json(seconds(*report.boot)) : Json(nullptr)},
                     {"ready_line", or_null(report.ready_line)},
                     {"qemu_pid", or_null(report.qemu)},
                     {"vcpu_threads", thread_records(report.threads)},
                     {"last_console_lines", report.last_lines},
                     {"steps", report.steps}});
    console.out.flush();  // the VM may go on for hours
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
                       network_text(spec.network),
                       report.uri);
    add_running(out, report);
    add_last_lines(out, report);
    add_next(out, report);
    if (options.console) {
        console.note(out.str().substr(0, out.str().size() - 1));
    } else {
        console.end_progress();
        console.out << out.str() << std::flush;
    }
}

}  // namespace kvmkit::vm_run
