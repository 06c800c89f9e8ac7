// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include "net/planner/step.hpp"
#include "system/signals.hpp"

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

cli::Json steps_record(const net::Plan& plan)
{
    auto steps = cli::Json::array();
    for (const net::Step& step : plan) {
        steps.push_back({{"action", net::word(step.action)},
                         {"link", net::subject(step.action).str()},
                         {"text", net::describe(step.action)}});
    }
    return steps;
}

/// What a bridge command found or did.
struct Report {
    const BridgeCommand& command;
    net::Change change;
    bool dry_run = false;
};

void print_record(const Report& report, const cli::Console& console)
{
    const net::Change& change = report.change;
    cli::print_json(console,
                    {{"schema", cli::schema_name("net-setup", report.command.name)},
                     {"bridge", report.command.bridge.str()},
                     {"changed", !change.transaction.empty()},
                     {"dry_run", report.dry_run},
                     {"steps", steps_record(change.steps)},
                     {"transaction", change.transaction.empty() ? cli::Json() : cli::Json(change.transaction)}});
}

void print_text(const Report& report, const cli::Console& console)
{
    if (report.change.steps.empty()) {
        console.note("nothing to do");
        return;
    }
    if (!report.dry_run) {
        console.note(
            fmt::format("done: {} steps, transaction {}", report.change.steps.size(), report.change.transaction));
        return;
    }
    for (const net::Step& step : report.change.steps) {
        console.out << fmt::format("would {}\n", net::describe(step.action));
    }
}

Result<net::Change> only_plan(const BridgeCommand& command, net::RouteSocket& route)
{
    const auto network = route.observe();
    if (!network) {
        return network.error();
    }
    auto plan = command.planner(*network);
    return plan ? net::Change{std::move(*plan), {}} : Result<net::Change>{std::move(plan).error()};
}

Result<net::Change> change(const BridgeCommand& command,
                           Session& session,
                           const cli::Arguments& arguments,
                           const cli::Console& console)
{
    auto signals = SignalWatch::open();
    if (!signals) {
        return signals.error();
    }
    const net::Talk talk{.announce = [&console](const std::string& step) { console.progress(step); },
                         .warn = [&console](const std::string& sentence) { console.warn(sentence); },
                         .interrupted = [&signals] { return signals->caught().has_value(); }};
    const net::Undertaking undertaking{arguments.command_line(), txn::default_places(), session.here};
    return net::carry_out(session.route, undertaking, command.planner, talk);
}

}  // namespace

void declare_place(cli::po::options_description_easy_init& add)
{
    add("netns", cli::po::value<std::string>()->value_name("NAME"), "work in this network namespace (/run/netns/NAME)");
}

void declare_change(cli::po::options_description_easy_init& add)
{
    declare_place(add);
    add("dry-run", "print the steps and change nothing; exit 1 if there are any");
    add("json", "print one JSON record");
    add("yes", "for scripts; net-setup asks no questions yet");
}

Result<Session> open_session(const cli::Arguments& arguments)
{
    const auto name = arguments.maybe("netns");
    auto here = name ? net::enter_namespace(*name) : net::current_namespace();
    if (!here) {
        return std::move(here).error();
    }
    auto route = net::RouteSocket::open();
    if (!route) {
        return std::move(route).error();
    }
    return Session{std::move(*here), std::move(*route)};
}

Result<cli::ExitCode> run_bridge_command(const BridgeCommand& command,
                                         const cli::Arguments& arguments,
                                         const cli::Console& console)
{
    auto session = open_session(arguments);
    if (!session) {
        return session.error();
    }
    const bool dry_run = arguments.has("dry-run");
    auto done = dry_run ? only_plan(command, session->route) : change(command, *session, arguments, console);
    if (!done) {
        return std::move(done).error();
    }
    const Report report{command, std::move(*done), dry_run};
    if (arguments.has("json")) {
        print_record(report, console);
    } else {
        print_text(report, console);
    }
    return dry_run && !report.change.steps.empty() ? cli::ExitCode::no : cli::ExitCode::ok;
}

}  // namespace kvmkit::net_setup
