// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include "base/count.hpp"
#include "keeping.hpp"
#include "named.hpp"
#include "net/nm/truce.hpp"
#include "net/planner/step.hpp"
#include "surroundings.hpp"
#include "system/signals.hpp"

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

/// What a command found or did.
struct Report {
    const ChangeCommand& command;
    net::Change change;
    std::optional<net::Keeping> keeping = {};
    std::string advice = {};  ///< The command that keeps a change that was not kept; may be empty.
    bool dry_run = false;
};

void print_record(const Report& report, const cli::Console& console)
{
    const net::Change& change = report.change;
    cli::Json record{{"schema", cli::schema_name("net-setup", report.command.name)},
                     {"changed", !change.transaction.empty()},
                     {"dry_run", report.dry_run},
                     {"steps", steps_record(change.steps)},
                     {"transaction", change.transaction.empty() ? cli::Json() : cli::Json(change.transaction)},
                     {"persistence", keeping_record(report.keeping)}};
    record.update(report.command.about);
    cli::print_json(console, record);
}

void print_steps(const Report& report, const cli::Console& console)
{
    if (report.change.steps.empty()) {
        console.note("nothing to do");
    } else if (!report.dry_run) {
        console.note(fmt::format(
            "done: {}, transaction {}", counted(report.change.steps.size(), "step"), report.change.transaction));
    } else {
        for (const net::Step& step : report.change.steps) {
            if (!net::is_bookkeeping(step.action)) {
                console.out << fmt::format("would {}\n", net::describe(step.action));
            }
        }
    }
}

/// The command's plan, unless something around the host speaks against it.
net::Planner cautious(const ChangeCommand& command, const Caution& caution)
{
    return [&command, &caution](const net::Network& network) {
        auto plan = command.planner(network);
        auto hazard = plan ? caution(network, *plan) : std::nullopt;
        if (!hazard) {
            return plan ? net::with_truce(std::move(*plan), network) : std::move(plan);
        }
        const bool in_file = command.locate && !hazard->origin.empty();
        return Result<net::Plan>{in_file ? command.locate(std::move(hazard->error), hazard->origin)
                                         : std::move(hazard->error)};
    };
}

void print_text(const Report& report, const cli::Console& console)
{
    print_steps(report, console);
    if (report.keeping) {
        print_keeping(*report.keeping, console);
    } else if (!report.advice.empty() && !report.dry_run && !report.change.steps.empty()) {
        console.note("gone at the next boot; to keep it: " + report.advice);
    }
}

Result<net::Change> only_plan(const net::Planner& planner, net::RouteSocket& route, Keep& keep)
{
    const auto network = route.observe();
    if (!network) {
        return network.error();
    }
    auto plan = planner(*network);
    if (!plan) {
        return std::move(plan).error();
    }
    auto fit = keep.foresee(*network, *plan);
    return fit ? net::Change{std::move(*plan), {}} : Result<net::Change>{std::move(fit).error()};
}

/// What a command plans and where, what of it is kept, and where it talks.
struct Work {
    const net::Planner& planner;
    Caution& caution;
    Session& session;
    Keep& keep;
    const cli::Arguments& arguments;
    const cli::Console& console;
};

/// Who decides where the operator does not say.
Confirm usual_confirm(const ChangeCommand& command, net::RouteSocket& route, const cli::Arguments& arguments)
{
    if (!command.risks_host) {
        return command.confirm;
    }
    const auto network = route.observe();
    return !network || command.risks_host(*network) ? for_uplinks(arguments) : Confirm::none;
}

Result<net::Change> change(const ChangeCommand& command, const Work& work)
{
    (void)std::signal(SIGPIPE, SIG_IGN);  // a session that has gone must not end us before its proof has failed
    const cli::Console& console = work.console;
    auto signals = SignalWatch::open();
    const auto options = read_trial(work.arguments, usual_confirm(command, work.session.route, work.arguments));
    if (!signals || !options) {
        return !signals ? signals.error() : options.error();
    }
    work.caution.stop_at(signals->fd());
    auto trial = make_trial(*options, *signals, console);
    if (!trial) {
        return std::move(trial).error();
    }
    const net::Talk talk{.announce = [&console](const std::string& step) { console.progress(step); },
                         .warn = [&console](const std::string& sentence) { console.warn(sentence); },
                         .interrupted = [&signals] { return signals->caught().has_value(); },
                         .locate = command.locate};
    net::Undertaking undertaking{work.arguments.command_line(), txn::default_places(), work.session.here};
    undertaking.trial = std::move(*trial);
    undertaking.keeper = work.keep.keeper(console);
    auto done = net::carry_out(work.session.route, undertaking, work.planner, talk);
    if (!done || !done->steps.empty() || !work.keep.is_asked_for()) {
        return done;  // of thousands of links, looking once more is what takes the time
    }
    const auto network = work.session.route.observe();
    auto kept = network ? work.keep.without_change(*network, console) : Result<void>{network.error()};
    return kept ? std::move(done) : Result<net::Change>{std::move(kept).error()};
}

/// A change that stays, but only until the next boot, is not all that was asked for; nor is one whose manager does not
/// follow.
cli::ExitCode exit_code(const Report& report)
{
    const auto& keeping = report.keeping;
    const bool files =
        keeping && std::ranges::any_of(keeping->files, [](const auto& file) { return file.old != file.ours; });
    const bool work = report.dry_run && (files || !report.change.steps.empty());
    const bool not_kept = keeping && (!keeping->failure.empty() || keeping->stalled);
    return work || not_kept ? cli::ExitCode::no : cli::ExitCode::ok;
}

}  // namespace

cli::Json steps_record(const net::Plan& plan)
{
    auto steps = cli::Json::array();
    for (const net::Step& step : plan) {
        const net::LinkName* link = net::subject(step.action);
        steps.push_back({{"action", net::word(step.action)},
                         {"link", link != nullptr ? cli::Json(link->str()) : cli::Json()},
                         {"text", net::describe(step.action)}});
    }
    return steps;
}

void declare_place(cli::po::options_description_easy_init& add)
{
    add("netns",
        cli::po::value<std::string>()->value_name("NETNS"),
        "work in this network namespace (/run/netns/NETNS)");
}

void declare_change(cli::po::options_description_easy_init& add)
{
    declare_place(add);
    add("dry-run", "print the steps and change nothing; exit 1 if there are any");
    add("json", "print one JSON record");
    add("yes", "for scripts: ask nobody");
    declare_surroundings(add);
    add("listen",
        cli::po::value<std::string>()->value_name("SECONDS"),
        "first listen that long for a spanning tree on the cards that become ports; one that is heard is a hazard: "
        "bpdu");
    declare_keeping(add);
    declare_trial(add);
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

Result<std::vector<const net::Link*>> named_links(const net::Network& network,
                                                  const std::vector<std::string>& names,
                                                  std::string_view doing)
{
    std::vector<const net::Link*> links;
    links.reserve(names.size());
    for (const std::string& text : names) {
        const net::Link* link = link_called(network, text);
        if (link == nullptr) {
            const auto name = net::LinkName::parse(text);
            return !name ? name.error()
                         : Error{ErrorCode::not_found,
                                 fmt::format("cannot {} link '{}': it does not exist", doing, text),
                                 "'net-setup show' lists the links"};
        }
        links.push_back(link);
    }
    return links;
}

Result<cli::ExitCode> run_change_command(const ChangeCommand& command,
                                         const cli::Arguments& arguments,
                                         const cli::Console& console)
{
    auto session = open_session(arguments);
    if (!session) {
        return session.error();
    }
    auto caution = read_caution(arguments);
    auto keep = Keep::read(arguments, command.keeps);
    if (!caution || !keep) {
        return !caution ? std::move(caution).error() : std::move(keep).error();
    }
    caution->warn_by([&console](const std::string& sentence) { console.warn(sentence); });
    const bool dry_run = arguments.has("dry-run");
    const auto planner = cautious(command, *caution);
    auto done = dry_run ? only_plan(planner, session->route, *keep)
                        : change(command, {planner, *caution, *session, *keep, arguments, console});
    if (!done) {
        return std::move(done).error();
    }
    Report report{.command = command, .change = std::move(*done), .dry_run = dry_run};
    report.keeping = keep->outcome(report.change.transaction);
    for (const net::LinkName& link :
         dry_run ? std::vector<net::LinkName>{} : net::still_left_alone(report.change.steps)) {
        console.warn(fmt::format(
            "NetworkManager leaves {0} alone until the next boot, which makes it a port again: its profile is kept "
            "(with --persist auto it goes)",
            link.str()));
    }
    report.advice = keep->advice(report.change.steps);
    if (arguments.has("json")) {
        print_record(report, console);
    } else {
        print_text(report, console);
    }
    return exit_code(report);
}

}  // namespace kvmkit::net_setup
