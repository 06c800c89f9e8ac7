// SPDX-License-Identifier: Apache-2.0
#include "cli/json.hpp"
#include "commands.hpp"
#include "keeping.hpp"
#include "net/persist/resume.hpp"
#include "system/runner.hpp"

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

}  // namespace

void declare_recover(cli::po::options_description_easy_init add)
{
    add("json", "print one JSON record");
}

/// At boot before any manager reads its files, or whenever somebody does not want to wait for the next change.
Result<cli::ExitCode> recover(const cli::Arguments& arguments, cli::Console& console)
{
    const auto places = txn::default_places();
    const auto locks = Locks::acquire(places, arguments.command_line());
    if (!locks) {
        return locks.error();
    }
    const net::PersistRun run{.places = places, .command_line = arguments.command_line()};
    const auto said = net::resume(this_host(), run, net::EarlierBoots::finish);
    if (!said) {
        return said.error();
    }
    if (!said->empty()) {
        let_netplan_know(console);
    }
    if (arguments.has("json")) {
        cli::print_json(console, {{"schema", cli::schema_name("net-setup", "recover")}, {"found", *said}});
        return cli::ExitCode::ok;
    }
    for (const std::string& sentence : *said) {
        console.out << sentence << '\n';
    }
    if (said->empty()) {
        console.note("nothing is left half written");
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::net_setup
