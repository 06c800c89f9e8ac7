// SPDX-License-Identifier: Apache-2.0
#include "probe/vms.hpp"
#include "base/deadline.hpp"
#include "cli/json.hpp"
#include "cli/screen.hpp"
#include "commands.hpp"
#include "probe/libvirt.hpp"
#include "probe/libvirt_helper.hpp"
#include "report/vms_json.hpp"
#include "report/vms_text.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"
#include "system/signals.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace kvmkit::kvm_check {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// The VMs at one moment.
struct Reading {
    RunningVms vms;
    Clock::time_point time;
};

/// libvirt's names, where its helper tells them. Without them a VM is its process all the same.
LibvirtAnswers ask_for_names(const Root& root)
{
    constexpr milliseconds patience{2000};
    if (!root.is_this_host()) {
        return {};
    }
    SystemRunner runner;
    LibvirtFacts libvirt = read_libvirt(root);
    try_libvirt(libvirt);
    auto answers = ask_libvirt_helper(libvirt, {runner, KVMKIT_LIBEXEC_DIR}, Deadline::after(patience));
    return answers && *answers ? std::move(**answers) : LibvirtAnswers{};
}

Result<Reading> read_now(const Root& root)
{
    const auto time = Clock::now();
    auto vms = read_vms(root);
    if (!vms) {
        return std::move(vms).error();
    }
    if (!*vms) {
        return Error{ErrorCode::not_found,
                     "cannot tell which VMs run: there is no /proc",
                     root.is_this_host() ? "mount -t proc proc /proc" : "--root takes the folder that holds proc"};
    }
    return Reading{std::move(**vms), time};
}

VmsReport compare(const Reading& before, Reading after)
{
    auto load = load_between(before.vms, after.vms, after.time - before.time);
    return make_report(std::move(after.vms), std::move(load));
}

VmsReport alone(Reading reading)
{
    auto load = load_since_start(reading.vms);
    return make_report(std::move(reading.vms), std::move(load));
}

/// One answer: two readings an interval apart, or a single one where there is no interval.
Result<VmsReport> look_once(const Root& root, milliseconds interval)
{
    auto reading = read_now(root);
    if (!reading) {
        return std::move(reading).error();
    }
    const auto names = reading->vms.vms.empty() ? LibvirtAnswers{} : ask_for_names(root);
    if (interval == milliseconds::zero()) {
        name_by_libvirt(names, reading->vms);
        return alone(std::move(*reading));
    }
    std::this_thread::sleep_until(reading->time + interval);
    auto later = read_now(root);
    if (!later) {
        return std::move(later).error();
    }
    name_by_libvirt(names, later->vms);
    return compare(*reading, std::move(*later));
}

/// Redraws until the user has seen enough. The first answer comes at once, with averages.
Result<cli::ExitCode> watch(const Root& root, milliseconds interval, const cli::Console& console)
{
    auto signals = SignalWatch::open();
    if (!signals) {
        return std::move(signals).error();
    }
    const auto draw = [&console](const VmsReport& report) {
        cli::redraw(console.out, to_text(report, console.out_colour ? Paint::ansi : Paint::plain));
    };
    auto before = read_now(root);
    const auto names = ask_for_names(root);  // once: a VM that is started later shows without libvirt's name
    if (before) {
        name_by_libvirt(names, before->vms);
        draw(alone(*before));
    }
    while (before && console.out && signals->sleep_until(before->time + interval)) {
        auto now = read_now(root);
        if (now) {
            name_by_libvirt(names, now->vms);
            draw(compare(*before, *now));
        }
        before = std::move(now);
    }
    return before ? Result<cli::ExitCode>{cli::ExitCode::ok} : std::move(before).error();
}

Result<milliseconds> interval_of(const cli::Arguments& arguments)
{
    auto interval = parse_duration(arguments.text("interval"));
    if (!interval) {
        return Error{ErrorCode::usage, interval.error().message, interval.error().hint};
    }
    constexpr milliseconds longest = std::chrono::hours{24};
    if (*interval > longest) {
        return Error{ErrorCode::usage, "an interval of more than a day", "write it like 500ms, 5s or 1m"};
    }
    return interval;
}

/// What --watch cannot go together with.
Result<void> check_watch(const cli::Arguments& arguments, milliseconds interval, const Root& root)
{
    const auto refuse = [](const char* why, const char* hint) { return Error{ErrorCode::usage, why, hint}; };
    if (arguments.has("json")) {
        return refuse("--watch draws on a terminal, --json prints one record", "repeat --json --interval 1s in a loop");
    }
    if (!root.is_this_host()) {
        return refuse("--watch has nothing to watch below --root: a recorded host does not change", "leave one out");
    }
    if (interval == milliseconds::zero()) {
        return refuse("--watch needs an interval above zero", "write it like --interval 2s");
    }
    if (!cli::output_is_terminal()) {
        return refuse("--watch needs a terminal as standard output",
                      "leave --watch out for one answer, or use --json --interval 1s in a loop");
    }
    return {};
}

void print(const VmsReport& report, const cli::Arguments& arguments, const cli::Console& console)
{
    if (!arguments.has("json")) {
        console.out << to_text(report, console.out_colour ? Paint::ansi : Paint::plain);
        return;
    }
    cli::Json record{{"schema", cli::schema_name("kvm-check", "vms")}};
    record.update(to_json(report));
    cli::print_json(console, record);
}

}  // namespace

void declare_vms(cli::po::options_description_easy_init add)
{
    namespace po = cli::po;
    add("json", "one JSON record instead of text")("watch", "redraw on the terminal until Ctrl-C")(
        "interval",
        po::value<std::string>()->value_name("TIME")->default_value("1s"),
        "over which shares of time are measured; 0: since each thread started")(
        "root",
        po::value<std::string>()->value_name("DIR")->default_value("/"),
        "show the host recorded in DIR; shares are those since each thread started");
}

Result<cli::ExitCode> vms(const cli::Arguments& arguments, cli::Console& console)
{
    const auto root = Root::open(arguments.text("root"));
    if (!root) {
        return root.error();
    }
    const auto interval = interval_of(arguments);
    if (!interval) {
        return interval.error();
    }
    if (arguments.has("watch")) {
        const auto possible = check_watch(arguments, *interval, *root);
        return possible ? watch(*root, *interval, console) : Result<cli::ExitCode>{possible.error()};
    }
    const auto report = look_once(*root, root->is_this_host() ? *interval : milliseconds::zero());
    if (!report) {
        return report.error();
    }
    print(*report, arguments, console);
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::kvm_check
