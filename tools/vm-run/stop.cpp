// SPDX-License-Identifier: Apache-2.0
#include "base/deadline.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "connect.hpp"
#include "names.hpp"
#include "several.hpp"
#include "system/signals.hpp"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

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

/// What stops of one command share.
struct Order {
    std::chrono::milliseconds timeout;
    bool force = false;
};

/// One VM on its way to being off.
struct Stop {
    std::string name;
    std::optional<virt::Domain> domain = std::nullopt;
    std::optional<virt::LifecycleWatch> watch = std::nullopt;
    std::optional<Result<How>> end = std::nullopt;  ///< Absent: its button is pressed, and it may still run.
};

Error interrupted()
{
    return {ErrorCode::interrupted, "interrupted; the VM may still power off"};
}

Error untouched()
{
    return {ErrorCode::interrupted, "interrupted before its power button was pressed"};
}

/// Absent: the button is pressed.
std::optional<Result<How>> press(const virt::Connection& connection, const Order& order, Stop& stop)
{
    auto domain = domain_named(connection, stop.name);
    const auto active = domain ? domain->active() : Result<bool>{domain.error()};
    if (!active || !*active) {
        return active ? Result<How>{How::was_off} : active.error();
    }
    auto watch = virt::LifecycleWatch::open(connection, *domain);
    if (!watch) {
        return watch.error();
    }
    if (auto pressed = domain->press_power_button(); !pressed && !order.force && !watch->ending()) {
        return pressed.error();
    }
    stop.domain.emplace(std::move(*domain));
    stop.watch.emplace(std::move(*watch));
    return std::nullopt;
}

Result<How> lost(const std::string& name)
{
    return Error{ErrorCode::external,
                 fmt::format("cannot tell whether VM '{}' is off: the connection to libvirt was lost", name),
                 "'vm-run list' shows whether it runs on"};
}

/// Takes note of those that are off; the others.
std::vector<const Stop*> look(std::span<Stop> stops)
{
    std::vector<const Stop*> running;
    for (Stop& stop : stops) {
        const auto ending = stop.end ? std::nullopt : stop.watch->ending();
        if (ending) {
            stop.end = *ending == virt::Ending::lost ? lost(stop.name) : Result<How>{How::powered_off};
        }
        if (!stop.end) {
            running.push_back(&stop);
        }
    }
    return running;
}

/// Until all are off or the deadline; a signal ends it for all that run then.
void wait_until_off(std::span<Stop> stops, SignalWatch& signals, const Deadline& deadline, const cli::Console& console)
{
    for (auto running = look(stops); !running.empty() && !deadline.passed(); running = look(stops)) {
        if (signals.caught()) {
            for (Stop& stop : stops) {
                stop.end = stop.end ? *stop.end : Result<How>{interrupted()};
            }
            return;
        }
        if (stops.size() > 1) {
            console.progress(fmt::format("{} of {} VMs are off", stops.size() - running.size(), stops.size()));
        }
        std::vector<pollfd> waits{{signals.fd(), POLLIN, 0}};
        for (const Stop* stop : running) {
            waits.push_back({stop->watch->fd(), POLLIN, 0});
        }
        constexpr std::chrono::milliseconds longest{60'000};  // poll() takes an int
        (void)::poll(waits.data(), waits.size(), static_cast<int>(std::min(deadline.left(), longest).count()));
    }
}

Result<How> cut_power(const virt::Domain& domain)
{
    const auto ended = domain.destroy();
    const auto active = domain.active();
    const bool gone = active ? !*active : active.error().code == ErrorCode::not_found;
    return ended || gone ? Result<How>{How::forced} : ended.error();
}

Error not_off(const std::string& name, std::chrono::milliseconds waited)
{
    return {ErrorCode::timeout,
            fmt::format("cannot stop VM '{}': it did not power off within {} s", name, waited.count() / 1000),
            fmt::format("its guest may not answer the power button; cut the power: vm-run stop {} --force", name)};
}

/// All buttons, then one wait for all, then the power of those that run on.
void carry_out(const Connections& connections,
               const Order& order,
               std::vector<Stop>& stops,
               const cli::Console& console)
{
    auto signals = SignalWatch::open();
    if (!signals) {
        for (Stop& stop : stops) {
            stop.end = signals.error();
        }
        return;
    }
    const auto at_once = connections.size() * calls_for_each_connection;
    side_by_side(stops.size(), at_once, connections, [&](std::size_t number, const auto& connection) {
        Stop& stop = stops[number];
        stop.end = signal_pending(*signals) ? Result<How>{untouched()} : press(*connection, order, stop);
    });
    wait_until_off(stops, *signals, Deadline::after(order.timeout), console);
    side_by_side(stops.size(), at_once, connections, [&](std::size_t number, const auto& /*connection*/) {
        Stop& stop = stops[number];
        if (!stop.end && signal_pending(*signals)) {
            stop.end = Result<How>{interrupted()};
        } else if (!stop.end) {
            stop.end = order.force ? cut_power(*stop.domain) : Result<How>{not_off(stop.name, order.timeout)};
        }
    });
}

cli::ExitCode code_of(const Stop& stop)
{
    return *stop.end ? cli::ExitCode::ok : cli::exit_code_of(stop.end->error().code);
}

Result<cli::ExitCode> report_one(const Stop& stop, const cli::Console& console, bool as_json)
{
    if (!*stop.end) {
        return stop.end->error();
    }
    const How how = **stop.end;
    if (as_json) {
        cli::print_json(console,
                        {{"schema", cli::schema_name(tool_name, "stop")}, {"name", stop.name}, {"outcome", word(how)}});
    } else {
        console.note(fmt::format("VM '{}' is off{}",
                                 stop.name,
                                 how == How::forced    ? ": its power was cut"
                                 : how == How::was_off ? " already"
                                                       : ""));
    }
    return cli::ExitCode::ok;
}

cli::Json record(const Stop& stop)
{
    const auto& end = *stop.end;
    return {{"name", stop.name},
            {"outcome", end ? cli::Json(word(*end)) : cli::Json(nullptr)},
            {"exit", static_cast<int>(code_of(stop))},
            {"error", end ? cli::Json(nullptr) : cli::Json(end.error().message)}};
}

void tell(const std::vector<Stop>& stops, std::size_t off, const cli::Console& console)
{
    std::vector<std::string> deaf;
    for (const Stop& stop : stops) {
        const auto& end = *stop.end;
        if (!end) {
            console.warn(fmt::format("{}: {}", stop.name, end.error().message));
        } else if (*end == How::forced) {
            console.note(fmt::format("{}: its power was cut", stop.name));
        }
        if (!end && end.error().code == ErrorCode::timeout) {
            deaf.push_back(stop.name);
        }
    }
    console.note(fmt::format("{} of {} VMs are off", off, stops.size()));
    if (!deaf.empty()) {
        console.note(
            fmt::format("  hint: cut the power of guests that do not answer the button: vm-run stop {} --force",
                        fmt::join(deaf, " ")));
    }
}

cli::ExitCode report_all(const std::vector<Stop>& stops, const cli::Console& console, bool as_json)
{
    auto vms = cli::Json::array();
    std::vector<cli::ExitCode> codes;
    codes.reserve(stops.size());
    for (const Stop& stop : stops) {
        vms.push_back(record(stop));
        codes.push_back(code_of(stop));
    }
    const auto off = static_cast<std::size_t>(std::ranges::count(codes, cli::ExitCode::ok));
    console.end_progress();
    tell(stops, off, console);
    if (as_json) {
        cli::print_json(console,
                        {{"schema", cli::schema_name(tool_name, "stop-many")},
                         {"stopped", off},
                         {"failed", stops.size() - off},
                         {"vms", vms}});
    }
    return code_of_several(codes);
}

}  // namespace

void declare_stop(cli::po::options_description_easy_init add)
{
    add("timeout",
        cli::po::value<std::string>()->value_name("TIME")->default_value("60"),
        "how long the guests may take to power off");
    add("force", "then cut the power; with --timeout 0 at once");
    declare_connect(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_stop(const cli::Arguments& arguments, cli::Console& console)
{
    const auto names = expand_names(arguments.operands());
    const auto timeout = parse_duration(arguments.text("timeout"));
    if (!names || !timeout) {
        return !names ? names.error() : Error{ErrorCode::usage, timeout.error().message, timeout.error().hint};
    }
    const auto host = Host::open(arguments);
    const auto connections =
        host ? open_connections((*host)->share(), names->size()) : Result<Connections>{host.error()};
    if (!connections) {
        return connections.error();
    }
    std::vector<Stop> stops;
    stops.reserve(names->size());
    for (const std::string& name : *names) {
        stops.push_back({name});
    }
    const bool alone = stops.size() == 1;
    console.progress(alone ? fmt::format("stopping VM '{}'", names->front())
                           : fmt::format("stopping {} VMs", stops.size()));
    carry_out(*connections, {*timeout, arguments.has("force")}, stops, console);
    const bool as_json = arguments.has("json");
    return alone ? report_one(stops.front(), console, as_json) : report_all(stops, console, as_json);
}

}  // namespace kvmkit::vm_run
