// SPDX-License-Identifier: Apache-2.0
#include "setup/history.hpp"

#include "apply.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "history/history.hpp"
#include "image.hpp"
#include "render.hpp"
#include "setup/ssh/trial.hpp"
#include "system/runner.hpp"
#include "txn/ask.hpp"
#include "undo_request.hpp"

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

const std::string tool = "host-setup";

/// Of who is not root a folder of his own would be read, in which is none of them.
Result<void> check_may_look()
{
    return check_root("look at changes of this host", "sudo host-setup ...");
}

/// A change on trial has its own keeper, who must take it back.
Result<std::optional<std::string>> undone_by_watchdog(const std::string& id)
{
    const auto socket = setup::trial_socket(txn::default_places());
    const auto undone = txn::ask_to(tool, socket, "rollback " + id, "undone");
    if (undone) {
        return std::optional{*undone};
    }
    const bool other = undone.error().code == ErrorCode::not_found;
    return other ? Result<std::optional<std::string>>{std::nullopt} : undone.error();
}

cli::Json removed_record(const std::vector<setup::PlannedPackage>& removed)
{
    auto packages = cli::Json::array();
    for (const auto& package : removed) {
        packages.push_back({{"name", package.name}, {"version", package.version}});
    }
    return packages;
}

/// What became of a change; its end is "undone" or "kept".
cli::Json decision_record(std::string_view command, const std::string& id, std::string_view end)
{
    return {{"schema", cli::schema_name("host-setup", command)}, {"transaction", id}, {"end", end}};
}

void tell_taken_back(const setup::TakenBack& taken, bool json, const cli::Console& console)
{
    if (json) {
        auto record = decision_record("rollback", taken.id, "undone");
        record["notes"] = taken.notes;
        record["removed"] = taken.removed ? removed_record(*taken.removed) : cli::Json();
        print_json(console, record);
        return;
    }
    console.out << fmt::format("undone: {}\n", taken.id);
    for (const auto& package : taken.removed.value_or(std::vector<setup::PlannedPackage>{})) {
        console.out << fmt::format("removed: {} {}\n", package.name, package.version);
    }
    print_notes(console, taken.notes);
}

Result<cli::ExitCode> list_changes(const cli::Arguments& arguments, cli::Console& console)
{
    const auto inventory = setup::transactions(txn::default_places());
    if (!inventory) {
        return inventory.error();
    }
    history::print_history(console, *inventory, tool, arguments.has("json"));
    return cli::ExitCode::ok;
}

Result<cli::ExitCode> show_change(const cli::Arguments& arguments, cli::Console& console)
{
    const auto record = setup::transaction(txn::default_places(), id_of(arguments));
    if (!record) {
        return record.error();
    }
    history::print_transaction(console, *record, arguments.has("json"));
    return cli::ExitCode::ok;
}

Result<cli::ExitCode> roll_back(const cli::Arguments& arguments, cli::Console& console)
{
    if (auto allowed = check_root("roll back", "sudo host-setup rollback"); !allowed) {
        return allowed.error();
    }
    auto request = undo_request(arguments, console);
    if (request) {
        request->packages = arguments.has("packages");
    }
    const auto watched =
        request ? undone_by_watchdog(id_of(arguments)) : Result<std::optional<std::string>>{request.error()};
    if (!watched) {
        return watched.error();
    }
    if (*watched) {
        tell_taken_back({**watched, {}}, arguments.has("json"), console);
        return cli::ExitCode::ok;
    }
    SystemRunner runner;
    auto taken = setup::take_back(runner, *request, id_of(arguments));
    if (!taken) {
        return std::move(taken).error();
    }
    as_typed(taken->notes, arguments);
    tell_taken_back(*taken, arguments.has("json"), console);
    return cli::ExitCode::ok;
}

}  // namespace

void declare_history(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    declare_image(add, "of the system in DIR, an image");
}

Result<cli::ExitCode> run_history(const cli::Arguments& arguments, cli::Console& console)
{
    const auto allowed = check_may_look();
    return allowed ? run_there(arguments, console, setup::Visit::looks, list_changes) : allowed.error();
}

Result<cli::ExitCode> run_show(const cli::Arguments& arguments, cli::Console& console)
{
    const auto allowed = check_may_look();
    return allowed ? run_there(arguments, console, setup::Visit::looks, show_change) : allowed.error();
}

void declare_rollback(cli::po::options_description_easy_init add)
{
    add("packages", "the packages that apt brought by it go, too; refused while others need them");
    add("json", "one JSON record");
    declare_yes(add);
    declare_limits(add);
    declare_image(add, "of the system in DIR, an image");
}

Result<cli::ExitCode> run_rollback(const cli::Arguments& arguments, cli::Console& console)
{
    return run_there(arguments, console, setup::Visit::changes, roll_back);
}

void declare_confirm(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
}

Result<cli::ExitCode> run_confirm(const cli::Arguments& arguments, cli::Console& console)
{
    if (auto allowed = check_root("confirm a change", "sudo host-setup confirm"); !allowed) {
        return allowed.error();
    }
    const auto places = txn::default_places();
    if (auto fresh = setup::check_new_login(places); !fresh) {
        return fresh.error();
    }
    const auto kept = txn::ask_to(tool, setup::trial_socket(places), "confirm " + id_of(arguments), "kept");
    if (!kept) {
        return kept.error();
    }
    if (arguments.has("json")) {
        print_json(console, decision_record("confirm", *kept, "kept"));
    } else {
        console.out << fmt::format("kept: {}\n", *kept);
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::host_setup
