// SPDX-License-Identifier: Apache-2.0
#include "base/deadline.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "connect.hpp"
#include "system/signals.hpp"

#include <poll.h>

#include <array>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

enum class How { was_off, powered_off, forced };

std::string_view word(How how) noexcept
{
    switch (how) {
        case How::was_off: return "was-off";
        case How::powered_off: return "powered-off";
        case How::forced: return "forced";
    }
    return "";
}

/// Whether the VM ended before the deadline; ErrorCode::interrupted if a signal came first.
Result<bool> wait_until_off(const virt::LifecycleWatch& watch, SignalWatch& signals, const Deadline& deadline)
{
    while (!watch.ending()) {
        if (signals.caught()) {
            return Error{ErrorCode::interrupted, "interrupted; the VM may still power off"};
        }
        if (deadline.passed()) {
            return false;
        }
        std::array waits{pollfd{watch.fd(), POLLIN, 0}, pollfd{signals.fd(), POLLIN, 0}};
        (void)::poll(waits.data(), waits.size(), static_cast<int>(deadline.left().count()));
    }
    return true;
}

Error not_off(const std::string& name, std::chrono::milliseconds waited)
{
    return {ErrorCode::timeout,
            fmt::format("cannot stop VM '{}': it did not power off within {} s", name, waited.count() / 1000),
            fmt::format("its guest may not answer the power button; cut the power: vm-run stop {} --force", name)};
}

Result<How> cut_power(const virt::Domain& domain)
{
    const auto ended = domain.destroy();
    const auto active = domain.active();
    if (!ended && active && *active) {
        return ended.error();
    }
    return How::forced;
}

Result<How> stop(const Host& host, const virt::Domain& domain, const cli::Arguments& arguments)
{
    const auto timeout = parse_duration(arguments.text("timeout"));
    if (!timeout) {
        return Error{ErrorCode::usage, timeout.error().message, timeout.error().hint};
    }
    const auto active = domain.active();
    if (!active) {
        return active.error();
    }
    if (!*active) {
        return How::was_off;
    }
    auto signals = SignalWatch::open();
    const auto watch = virt::LifecycleWatch::open(host.connection(), domain);
    if (!signals || !watch) {
        return !signals ? signals.error() : watch.error();
    }
    if (auto pressed = domain.press_power_button(); !pressed && !arguments.has("force")) {
        return pressed.error();
    }
    const auto off = wait_until_off(*watch, *signals, Deadline::after(*timeout));
    if (!off) {
        return off.error();
    }
    if (*off) {
        return How::powered_off;
    }
    return arguments.has("force") ? cut_power(domain) : not_off(arguments.operands().front(), *timeout);
}

}  // namespace

void declare_stop(cli::po::options_description_easy_init add)
{
    add("timeout",
        cli::po::value<std::string>()->value_name("TIME")->default_value("60"),
        "how long the guest may take to power off");
    add("force", "then cut the power; with --timeout 0 at once");
    declare_connect(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_stop(const cli::Arguments& arguments, cli::Console& console)
{
    const auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    const std::string& name = arguments.operands().front();
    const auto domain = (*host)->domain(name);
    if (!domain) {
        return domain.error();
    }
    console.progress(fmt::format("stopping VM '{}'", name));
    const auto how = stop(**host, *domain, arguments);
    if (!how) {
        return how.error();
    }
    if (arguments.has("json")) {
        cli::print_json(console,
                        {{"schema", cli::schema_name(tool_name, "stop")}, {"name", name}, {"outcome", word(*how)}});
    } else {
        console.note(fmt::format("VM '{}' is off{}",
                                 name,
                                 *how == How::forced    ? ": its power was cut"
                                 : *how == How::was_off ? " already"
                                                        : ""));
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::vm_run
