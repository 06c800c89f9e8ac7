// SPDX-License-Identifier: Apache-2.0
#include "net/persist/persist.hpp"
#include "commands.hpp"
#include "keeping.hpp"
#include "named.hpp"
#include "session.hpp"
#include "system/signals.hpp"
#include "txn/change_locks.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

using cli::Json;

Result<net::PersistWish> read_wish(const cli::Arguments& arguments, const cli::Console& console)
{
    const auto who = arguments.text("manager");
    const auto manager = read_manager("--manager", who == "none" ? "own" : who);
    if (!manager) {
        return manager.error();
    }
    auto links = read_links(arguments, arguments.operands(), console);
    return links ? Result<net::PersistWish>{net::PersistWish{.links = *std::move(links), .manager = *manager}}
                 : std::move(links).error();
}

/// What was found, and what was done about it.
struct Report {
    net::Persistence plan = {};
    std::string transaction = {};
    bool dry_run = false;
};

Json files_record(const net::Persistence& plan)
{
    auto files = Json::array();
    for (const net::FileChange& change : plan.changes) {
        files.push_back({{"path", "/" + change.path}, {"action", change.image ? "write" : "remove"}});
    }
    return files;
}

void print_record(const Report& report, const cli::Console& console)
{
    auto links = Json::array();
    for (const net::KeptLink& link : report.plan.profile.links) {
        links.push_back(link.name.str());
    }
    cli::print_json(console,
                    {{"schema", cli::schema_name("net-setup", "persist")},
                     {"manager", net::word(report.plan.manager)},
                     {"links", std::move(links)},
                     {"changed", !report.transaction.empty()},
                     {"dry_run", report.dry_run},
                     {"files", files_record(report.plan)},
                     {"reboot_safe", report.plan.reboot_safe()},
                     {"doubts", report.plan.doubts},
                     {"warnings", report.plan.warnings},
                     {"commands", report.plan.commands},
                     {"transaction", report.transaction.empty() ? Json() : Json(report.transaction)}});
}

/// A dry run shows what the files would hold.
void print_files(const Report& report, std::ostream& out)
{
    for (const net::FileChange& change : report.plan.changes) {
        if (!report.dry_run) {
            out << fmt::format("{} /{}\n", change.image ? "wrote" : "removed", change.path);
        } else if (!change.image) {
            out << fmt::format("would remove /{}\n", change.path);
        } else {
            out << fmt::format("would write /{} (mode {:04o}):\n{}{}",
                               change.path,
                               change.image->mode,
                               change.image->bytes,
                               change.image->bytes.ends_with('\n') ? "" : "\n");
        }
    }
}

void print_text(const Report& report, const cli::Console& console)
{
    print_files(report, console.out);
    if (report.plan.changes.empty()) {
        console.note(fmt::format("nothing to do: {} keeps them already", net::full_name(report.plan.manager)));
    }
    std::ranges::for_each(report.plan.warnings, [&console](const std::string& text) { console.warn(text); });
    if (report.plan.reboot_safe()) {
        console.out << "reboot-safe: yes\n";
    }
    for (const std::string& doubt : report.plan.doubts) {
        console.out << fmt::format("reboot-safe: no ({})\n", doubt);
    }
    for (const std::string& command : report.plan.commands) {
        console.note(
            fmt::format("in force at the next boot; to let {} know now: {}",
                        report.plan.manager == net::Manager::none ? "systemd" : net::full_name(report.plan.manager),
                        command));
    }
}

Result<net::Persistence> look(const net::PersistWish& wish, Session& session, const net::PersistHost& host)
{
    const auto network = session.route.observe();
    return network ? net::plan_persistence(*network, wish, host) : network.error();
}

Result<Report> keep(const net::PersistWish& wish,
                    Session& session,
                    const cli::Arguments& arguments,
                    const cli::Console& console)
{
    const auto places = txn::default_places();
    auto signals = SignalWatch::open();
    const auto locks =
        signals ? txn::ChangeLocks::acquire(places, "net-setup", arguments.command_line()) : signals.error();
    if (!locks) {
        return locks.error();
    }
    const auto network = session.route.observe();
    if (!network) {
        return network.error();
    }
    const net::PersistRun run{.places = places,
                              .command_line = arguments.command_line(),
                              .watch = {.interrupted = [&signals] { return signals->caught().has_value(); },
                                        .announce = [&console](const std::string& step) { console.progress(step); }},
                              .warn = [&console](const std::string& sentence) { console.warn(sentence); }};
    auto kept = net::keep_links(*network, wish, this_host(), run);
    return kept ? Report{std::move(kept->persistence), std::move(kept->transaction), false}
                : Result<Report>{std::move(kept).error()};
}

}  // namespace

void declare_persist(cli::po::options_description_easy_init add)
{
    add("manager",
        cli::po::value<std::string>()->value_name("MANAGER")->default_value("auto"),
        "who is to bring the links up: auto (whoever owns the card), networkd, netplan, nm, ifupdown, ifcfg, wicked, "
        "or own (a unit "
        "that runs net-setup; also: none)");
    add("dry-run", "print the files and change nothing; exit 1 if any would change");
    add("json", "print one JSON record");
}

Result<cli::ExitCode> persist(const cli::Arguments& arguments, cli::Console& console)
{
    const auto wish = read_wish(arguments, console);
    if (!wish) {
        return wish.error();
    }
    auto session = open_session(arguments);
    if (!session) {
        return session.error();
    }
    Report report{.dry_run = arguments.has("dry-run")};
    if (report.dry_run) {
        auto plan = look(*wish, *session, this_host());
        if (!plan) {
            return std::move(plan).error();
        }
        report.plan = std::move(*plan);
    } else {
        auto kept = keep(*wish, *session, arguments, console);
        if (!kept) {
            return std::move(kept).error();
        }
        report = std::move(*kept);
    }
    if (arguments.has("json")) {
        print_record(report, console);
    } else {
        print_text(report, console);
    }
    const bool work = report.dry_run && !report.plan.changes.empty();
    return work || report.plan.stalled ? cli::ExitCode::no : cli::ExitCode::ok;
}

}  // namespace kvmkit::net_setup
