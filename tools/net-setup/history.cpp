// SPDX-License-Identifier: Apache-2.0
#include "net/history.hpp"

#include "cli/json.hpp"
#include "commands.hpp"
#include "history/history.hpp"
#include "keeping.hpp"
#include "net/planner/way_back.hpp"
#include "session.hpp"
#include "surroundings.hpp"
#include "system/signals.hpp"

#include <fmt/format.h>

namespace kvmkit::net_setup {

void declare_history(cli::po::options_description_easy_init add)
{
    add("json", "print one JSON record");
}

Result<cli::ExitCode> history(const cli::Arguments& arguments, cli::Console& console)
{
    const auto inventory = net::history(txn::default_places());
    if (!inventory) {
        return inventory.error();
    }
    kvmkit::history::print_history(console, *inventory, "net-setup", arguments.has("json"));
    return cli::ExitCode::ok;
}

void declare_undo(cli::po::options_description_easy_init add)
{
    declare_place(add);
    add("persist",
        cli::po::value<std::string>()->value_name("auto|none"),
        "auto: files that keep the change go back to what they were; none: they stay");
    add("yes", "for scripts: ask nobody");
    add("json", "print one JSON record");
    declare_surroundings(add);
}

Result<cli::ExitCode> undo(const cli::Arguments& arguments, cli::Console& console)
{
    const auto files = arguments.maybe("persist").value_or("auto");
    if (files != "auto" && files != "none") {
        return Error{ErrorCode::usage, fmt::format("cannot undo by '{}'", files), "--persist is auto or none here"};
    }
    auto keep = Keep::read(arguments, {});
    auto session = keep ? open_session(arguments) : Result<Session>{keep.error()};
    const auto caution = session ? read_caution(arguments) : Result<Caution>{session.error()};
    // A signal waits until all is undone: half of it helps nobody.
    const auto signals = caution ? SignalWatch::open() : Result<SignalWatch>{caution.error()};
    if (!signals) {
        return signals.error();
    }
    net::Undertaking undertaking{arguments.command_line(), txn::default_places(), session->here};
    undertaking.keeper = keep->keeper(console);
    const auto id = arguments.operands().empty() ? std::string{} : arguments.operands().front();
    const net::Objection objection = [&caution](const net::Network& network, const net::Plan& plan) {
        // Without an operator nobody's way is lost: what the change brought goes, its default route, too.
        auto hazard = net::sits_here(network, caution->around().operator_at) ? (*caution)(network, plan) : std::nullopt;
        return hazard ? std::optional{std::move(hazard->error)} : std::nullopt;
    };
    const auto undone = net::undo_change(
        session->route, undertaking, id, {objection, [&console](const std::string& text) { console.warn(text); }});
    if (!undone) {
        return undone.error();
    }
    if (arguments.has("json")) {
        cli::print_json(
            console, {{"schema", cli::schema_name("net-setup", "undo")}, {"transaction", *undone}, {"end", "undone"}});
        return cli::ExitCode::ok;
    }
    console.note(fmt::format("undone: {}", *undone));
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::net_setup
