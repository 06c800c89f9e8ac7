// SPDX-License-Identifier: Apache-2.0
#include "cli/json.hpp"
#include "commands.hpp"
#include "keeping.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/persist/resume.hpp"
#include "net/recovery.hpp"
#include "system/runner.hpp"
#include "txn/change_locks.hpp"

namespace kvmkit::net_setup {
namespace {

/// netplan has turned the files of before into those of its daemons already, at the very start of this boot.
void let_netplan_know(const cli::Console& console)
{
    SystemRunner runner;
    const auto done = runner.run({.argv = {"netplan", "generate"}, .timeout = std::chrono::seconds{20}});
    if (done && done->status != 0) {
        console.warn("netplan generate: " + done->err);
    }
}

/// Changes of the links that killed runs left half made. Those of earlier boots have ended with them.
Result<net::Recovery> undo_links(const txn::Places& places)
{
    auto here = net::current_namespace();
    auto route = net::RouteSocket::open();
    if (!here || !route) {
        return !here ? std::move(here).error() : std::move(route).error();
    }
    net::LinkDomain domain{*route, *here};
    return net::undo_orphans(places, "net-setup", domain);
}

}  // namespace

void declare_recover(cli::po::options_description_easy_init add)
{
    add("json", "print one JSON record");
}

/// At boot before any manager reads its files, or whenever somebody does not want to wait for the next change.
Result<cli::ExitCode> recover(const cli::Arguments& arguments, cli::Console& console)
{
    const auto places = txn::default_places();
    const auto locks = txn::ChangeLocks::acquire(places, "net-setup", arguments.command_line());
    if (!locks) {
        return locks.error();
    }
    const net::PersistRun run{.places = places, .command_line = arguments.command_line()};
    auto said = net::resume(this_host(), run, net::EarlierBoots::finish);
    if (!said) {
        return said.error();
    }
    if (!said->empty()) {
        let_netplan_know(console);
    }
    const auto undone = undo_links(places);
    if (!undone) {
        return undone.error();
    }
    const auto of_links = net::sentences(*undone);
    said->insert(said->end(), of_links.begin(), of_links.end());
    const auto end = undone->failed.empty() ? cli::ExitCode::ok : cli::ExitCode::damaged;
    if (arguments.has("json")) {
        cli::print_json(console, {{"schema", cli::schema_name("net-setup", "recover")}, {"found", *said}});
        return end;
    }
    for (const std::string& sentence : *said) {
        console.out << sentence << '\n';
    }
    if (said->empty()) {
        console.note("nothing is left half made");
    }
    return end;
}

}  // namespace kvmkit::net_setup
