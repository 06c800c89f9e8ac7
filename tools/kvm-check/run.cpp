// SPDX-License-Identifier: Apache-2.0
#include "check/cpu_model.hpp"
#include "commands.hpp"
#include "fix.hpp"
#include "format_options.hpp"
#include "probe/host_probe.hpp"
#include "probe/programs.hpp"
#include "probe/qemu_start.hpp"
#include "probe/recorded.hpp"
#include "selection_options.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

namespace kvmkit::kvm_check {
namespace {

/// Metrics are collected every minute, so they run no guest unless asked to.
Result<Depth> read_depth(const cli::Arguments& arguments, Format format, const Root& root)
{
    if (!root.is_this_host() && (arguments.has("deep") || arguments.has("probe"))) {
        return Error{ErrorCode::usage,
                     "--deep and --probe run guests, which no recorded host can",
                     "leave out --root, or these"};
    }
    if (arguments.has("probe") && arguments.has("no-probe")) {
        return Error{ErrorCode::usage, "--probe and --no-probe contradict each other"};
    }
    if (arguments.has("deep") && arguments.has("no-probe")) {
        return Error{ErrorCode::usage, "--deep and --no-probe contradict each other"};
    }
    if (arguments.has("deep")) {
        return Depth::nested;
    }
    const bool shallow = arguments.has("no-probe") || (format == Format::prometheus && !arguments.has("probe"));
    return shallow ? Depth::open : Depth::guests;
}

Result<ProbeOrder> read_order(const cli::Arguments& arguments, Format format, const Root& root)
{
    const auto budget = parse_duration(arguments.text("timeout"));
    if (!budget) {
        return Error{ErrorCode::usage, budget.error().message, budget.error().hint};
    }
    const auto depth = read_depth(arguments, format, root);
    if (!depth) {
        return depth.error();
    }
    ProbeOrder order{Deadline::after(*budget), *depth};
    if (const auto name = arguments.maybe("user")) {
        auto user = find_user_in(root, *name);
        if (!user) {
            return user.error();
        }
        order.user = std::move(*user);
    }
    return order;
}

Result<Looked> look_at(const cli::Arguments& arguments, Format format)
{
    const auto selection = read_selection(arguments);
    if (!selection) {
        return selection.error();
    }
    if (format == Format::kvm_ok && !selection->is_all()) {
        return Error{ErrorCode::usage,
                     "--compat kvm-ok answers one question: whether KVM is to be used",
                     "leave out --only, --skip, --require, --strict and --for"};
    }
    SystemRunner runner;
    const auto root = open_host(arguments.text("root"), runner);
    if (!root) {
        return root.error();
    }
    const auto order = read_order(arguments, format, *root);
    if (!order) {
        return order.error();
    }
    HostFacts host = probe_host(*root, *order);
    ask_programs(*root, {runner, KVMKIT_LIBEXEC_DIR}, *order, host);
    if (order->depth == Depth::nested && host.kvm.creates_machines() && host.qemu.binary && *host.qemu.binary) {
        host.qemu_start = start_qemu(runner,
                                     {.program = **host.qemu.binary,
                                      .target = host.qemu.target,
                                      .accel = "kvm",
                                      .cpu = host_model(host.kvm.msrs),
                                      .deadline = order->deadline});
    }
    Report report = make_report(host, *selection);
    return Looked{std::move(host), std::move(report)};
}

}  // namespace

void declare_run(cli::po::options_description_easy_init add)
{
    namespace po = cli::po;
    declare_format(add);
    declare_selection(add);
    declare_fix(add);
    add("user", po::value<std::string>()->value_name("NAME"), "judge this user's access to /dev/kvm")(
        "root",
        po::value<std::string>()->value_name("DIR|TAR")->default_value("/"),
        "judge the host recorded there; opens no device and runs nothing")(
        "no-probe", "run no guest: only look, and open /dev/kvm")("probe", "run guests, with --format prometheus, too")(
        "deep", "let a guest run a guest of its own and start QEMU, too; not on a host that must not fail")(
        "timeout", po::value<std::string>()->value_name("TIME")->default_value("3s"), "how long probing may take");
}

Result<cli::ExitCode> run(const cli::Arguments& arguments, cli::Console& console)
{
    const auto format = read_format(arguments);
    if (!format) {
        return format.error();
    }
    if (auto sound = check_fix_options(arguments, *format); !sound) {
        return sound.error();
    }
    const Look look = [&] { return look_at(arguments, *format); };
    if (arguments.has("fix")) {
        return fix(look, arguments, *format, console);
    }
    const auto looked = look();
    if (!looked) {
        const auto told = print_error(looked.error(), *format, console);
        return told ? Result<cli::ExitCode>{*told} : Result<cli::ExitCode>{looked.error()};
    }
    const auto code = print_report(looked->report, *format, arguments, console);
    if (*format == Format::text && arguments.text("root") == "/") {
        console.out << fix_hint(*looked);
    }
    return code;
}

}  // namespace kvmkit::kvm_check
