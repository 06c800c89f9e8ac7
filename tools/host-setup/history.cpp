// SPDX-License-Identifier: Apache-2.0
#include "setup/history.hpp"

#include "apply.hpp"
#include "commands.hpp"
#include "history/history.hpp"
#include "render.hpp"
#include "setup/ssh/trial.hpp"
#include "system/runner.hpp"
#include "txn/ask.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::host_setup {
namespace {

const std::string tool = "host-setup";

setup::UndoRequest undo_request(const cli::Arguments& arguments)
{
    return {arguments.command_line(), txn::default_places()};
}

std::string id_of(const cli::Arguments& arguments)
{
    return arguments.operands().empty() ? std::string{} : arguments.operands().front();
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

}  // namespace

void declare_history(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
}

Result<cli::ExitCode> run_history(const cli::Arguments& arguments, cli::Console& console)
{
    const auto inventory = setup::transactions(txn::default_places());
    if (!inventory) {
        return inventory.error();
    }
    history::print_history(console, *inventory, tool, arguments.has("json"));
    return cli::ExitCode::ok;
}

Result<cli::ExitCode> run_show(const cli::Arguments& arguments, cli::Console& console)
{
    const auto record = setup::transaction(txn::default_places(), id_of(arguments));
    if (!record) {
        return record.error();
    }
    history::print_transaction(console, *record, arguments.has("json"));
    return cli::ExitCode::ok;
}

void declare_nothing(cli::po::options_description_easy_init /*add*/) {}

void declare_rollback(cli::po::options_description_easy_init add)
{
    add("yes", "accepted for scripts; nothing is ever asked");
}

Result<cli::ExitCode> run_rollback(const cli::Arguments& arguments, cli::Console& console)
{
    if (auto allowed = check_root("roll back", "sudo host-setup rollback"); !allowed) {
        return allowed.error();
    }
    const auto watched = undone_by_watchdog(id_of(arguments));
    if (!watched) {
        return watched.error();
    }
    if (*watched) {
        console.out << fmt::format("undone: {}\n", **watched);
        return cli::ExitCode::ok;
    }
    SystemRunner runner;
    const auto taken = setup::take_back(runner, undo_request(arguments), id_of(arguments));
    if (!taken) {
        return taken.error();
    }
    console.out << fmt::format("undone: {}\n", taken->id);
    print_notes(console, taken->notes);
    return cli::ExitCode::ok;
}

Result<cli::ExitCode> run_resume(const cli::Arguments& arguments, cli::Console& console)
{
    if (auto allowed = check_root("resume", "sudo host-setup resume"); !allowed) {
        return allowed.error();
    }
    SystemRunner runner;
    const auto cleanup = setup::resume(runner, undo_request(arguments));
    if (!cleanup) {
        return cleanup.error();
    }
    for (const std::string& id : cleanup->undone) {
        console.out << txn::undone_sentence(id) << '\n';
        if (const auto record = setup::transaction(txn::default_places(), id)) {
            console.note(fmt::format("to go on: {}", record->command));
        }
    }
    if (!cleanup->failed.empty()) {
        return Error{ErrorCode::damaged,
                     fmt::format("could not undo all:\n  {}", fmt::join(cleanup->failed, "\n  ")),
                     "mend what is named, then run host-setup resume again"};
    }
    if (cleanup->undone.empty()) {
        console.out << "nothing to resume\n";
    }
    return cli::ExitCode::ok;
}

Result<cli::ExitCode> run_confirm(const cli::Arguments& arguments, cli::Console& console)
{
    const auto places = txn::default_places();
    if (auto fresh = setup::check_new_login(places); !fresh) {
        return fresh.error();
    }
    const auto kept = txn::ask_to(tool, setup::trial_socket(places), "confirm " + id_of(arguments), "kept");
    if (!kept) {
        return kept.error();
    }
    console.out << fmt::format("kept: {}\n", *kept);
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::host_setup
