// SPDX-License-Identifier: Apache-2.0
// vm-run ps, top, explain: VMs as what they are on this host, processes and threads.
#include "base/deadline.hpp"
#include "base/number.hpp"
#include "base/suggest.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "cli/screen.hpp"
#include "commands.hpp"
#include "look.hpp"
#include "report/vm_explained.hpp"
#include "report/vms_json.hpp"
#include "report/vms_text.hpp"
#include "system/signals.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

using std::chrono::milliseconds;

Result<milliseconds> interval_of(const cli::Arguments& arguments)
{
    auto interval = parse_duration(arguments.text("interval"));
    if (!interval) {
        return Error{ErrorCode::usage, interval.error().message, interval.error().hint};
    }
    constexpr milliseconds longest = std::chrono::hours{1};
    if (*interval > longest) {
        return Error{ErrorCode::usage, "an interval of more than an hour", "write it like 500ms, 5s or 1m"};
    }
    return interval;
}

Result<VmsReport> look_once(const cli::Arguments& arguments)
{
    const auto root = Root::open("/");
    const auto interval = interval_of(arguments);
    if (!root || !interval) {
        return !root ? root.error() : interval.error();
    }
    return look(*root, *interval);
}

Paint paint_of(const cli::Console& console)
{
    return console.out_colour ? Paint::ansi : Paint::plain;
}

void declare_interval(cli::po::options_description_easy_init& add)
{
    add("interval",
        cli::po::value<std::string>()->value_name("TIME")->default_value("1s"),
        "over which shares of time are measured; 0: since each thread started");
}

/// By name, UUID or process id.
const RunningVm* find_vm(const RunningVms& running, const std::string& wanted)
{
    const auto pid = decimal<int>(wanted);
    const auto found = std::ranges::find_if(running.vms, [&wanted, &pid](const RunningVm& vm) {
        return vm.command.name == wanted || vm.command.uuid == wanted || (pid && vm.pid == *pid);
    });
    return found == running.vms.end() ? nullptr : &*found;
}

Error not_running(const RunningVms& running, const std::string& wanted)
{
    std::vector<std::string> names;
    names.reserve(running.vms.size());
    std::ranges::transform(running.vms, std::back_inserter(names), [](const RunningVm& vm) { return vm.command.name; });
    const auto meant = did_you_mean(wanted, names);
    return {ErrorCode::not_found,
            fmt::format("cannot explain VM '{}': no process on this host runs it", wanted),
            meant ? fmt::format("did you mean '{}'?", *meant)
                  : "'vm-run ps' shows what runs here; 'vm-run list' what libvirt knows"};
}

Result<cli::ExitCode> draw_on(const Root& root, milliseconds interval, const cli::Console& console)
{
    auto signals = SignalWatch::open();
    auto before = read_now(root);
    if (!signals || !before) {
        return !signals ? std::move(signals).error() : std::move(before).error();
    }
    cli::redraw(console.out, to_text(make_report(before->vms, load_since_start(before->vms)), paint_of(console)));
    while (console.out && signals->sleep_until(before->time + interval)) {
        auto now = read_now(root);
        if (!now) {
            return std::move(now).error();
        }
        cli::redraw(console.out, to_text(between(*before, *now), paint_of(console)));
        before = std::move(now);
    }
    return cli::ExitCode::ok;
}

}  // namespace

void declare_ps(cli::po::options_description_easy_init add)
{
    declare_interval(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_ps(const cli::Arguments& arguments, cli::Console& console)
{
    const auto report = look_once(arguments);
    if (!report) {
        return report.error();
    }
    if (arguments.has("json")) {
        cli::Json record{{"schema", cli::schema_name(tool_name, "ps")}};
        record.update(to_json(*report));
        cli::print_json(console, record);
    } else if (report->running.vms.empty()) {
        console.note("no VM runs on this host");
    } else {
        console.out << vms_table(*report);
    }
    return cli::ExitCode::ok;
}

void declare_top(cli::po::options_description_easy_init add)
{
    declare_interval(add);
}

Result<cli::ExitCode> run_top(const cli::Arguments& arguments, cli::Console& console)
{
    const auto root = Root::open("/");
    const auto interval = interval_of(arguments);
    if (!root || !interval) {
        return !root ? root.error() : interval.error();
    }
    if (*interval == milliseconds::zero()) {
        return Error{ErrorCode::usage, "top needs an interval above zero", "write it like --interval 2s"};
    }
    if (!cli::output_is_terminal()) {
        return Error{ErrorCode::usage, "top needs a terminal as standard output", "for one answer: vm-run ps"};
    }
    return draw_on(*root, *interval, console);
}

void declare_explain(cli::po::options_description_easy_init add)
{
    declare_interval(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_explain(const cli::Arguments& arguments, cli::Console& console)
{
    const auto report = look_once(arguments);
    if (!report) {
        return report.error();
    }
    const auto& wanted = arguments.operands().front();
    const RunningVm* vm = find_vm(report->running, wanted);
    if (vm == nullptr) {
        return not_running(report->running, wanted);
    }
    if (arguments.has("json")) {
        cli::Json record{{"schema", cli::schema_name(tool_name, "explain")}};
        record.update(explain_json(*report, *vm));
        cli::print_json(console, record);
    } else {
        console.out << explain_text(*report, *vm, paint_of(console));
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::vm_run
