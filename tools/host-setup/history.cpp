// SPDX-License-Identifier: Apache-2.0
#include "setup/history.hpp"

#include "apply.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "history/history.hpp"
#include "progress.hpp"
#include "render.hpp"
#include "saved.hpp"
#include "setup/kept_plan.hpp"
#include "setup/ssh/trial.hpp"
#include "system/runner.hpp"
#include "txn/ask.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::host_setup {
namespace {

const std::string tool = "host-setup";

Result<setup::UndoRequest> undo_request(const cli::Arguments& arguments, const cli::Console& console)
{
    auto limits = read_limits(arguments);
    if (!limits) {
        return std::move(limits).error();
    }
    return setup::UndoRequest{.command_line = arguments.command_line(),
                              .places = txn::default_places(),
                              .limits = std::move(*limits),
                              .note = [&console](const std::string& text) { console.note(text); }};
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
        print_json(console, record);
        return;
    }
    console.out << fmt::format("undone: {}\n", taken.id);
    print_notes(console, taken.notes);
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

void declare_rollback(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    add("yes", "accepted for scripts; nothing is ever asked");
    declare_limits(add);
}

Result<cli::ExitCode> run_rollback(const cli::Arguments& arguments, cli::Console& console)
{
    if (auto allowed = check_root("roll back", "sudo host-setup rollback"); !allowed) {
        return allowed.error();
    }
    const auto request = undo_request(arguments, console);
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
    const auto taken = setup::take_back(runner, *request, id_of(arguments));
    if (!taken) {
        return taken.error();
    }
    tell_taken_back(*taken, arguments.has("json"), console);
    return cli::ExitCode::ok;
}

void declare_resume(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record; with --finish that of apply");
    add("finish", "then go on to the end with what was asked for");
    add("yes", "accepted for scripts; nothing is ever asked");
    declare_patience(add);
}

namespace {

void tell_undone(const std::vector<std::string>& undone, const cli::Console& console)
{
    for (const std::string& id : undone) {
        console.out << txn::undone_sentence(id) << '\n';
        const auto record = setup::transaction(txn::default_places(), id);
        if (record) {
            const auto kept = setup::kept_plan(*record);
            const bool can = kept && *kept;
            console.note(fmt::format(
                "to go on: {}{}", record->command, can ? "; or: host-setup resume --finish " + id : std::string{}));
        }
    }
    if (undone.empty()) {
        console.out << "nothing to resume\n";
    }
}

/// Makes what a change was to make, after it was undone.
Result<cli::ExitCode> finish(const std::string& id, const cli::Arguments& arguments, const cli::Console& console)
{
    const auto record = setup::transaction(txn::default_places(), id);
    auto plan = record ? setup::kept_plan(*record) : Result<std::optional<setup::SavedPlan>>{record.error()};
    if (!plan) {
        return std::move(plan).error();
    }
    if (!*plan) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot finish {}: its command leaves nothing to go by", id),
                     record->command};
    }
    auto request = request_of(arguments, std::move(**plan));
    if (!request) {
        return std::move(request).error();
    }
    request->repair = true;  // what dpkg was in the middle of is a part of it
    console.note(fmt::format("going on with {}: {}", id, record->command));
    return carry_out(*request, arguments, console);
}

bool keeps_plan(const std::string& id)
{
    const auto record = setup::transaction(txn::default_places(), id);
    const auto kept = record ? setup::kept_plan(*record) : Result<std::optional<setup::SavedPlan>>{record.error()};
    return kept && *kept;
}

/// Of what was undone, the newest first: what was asked for last and can be finished; or else what was asked for last.
std::string last_asked_for(const std::vector<std::string>& undone)
{
    const auto kept = std::ranges::find_if(undone, keeps_plan);
    return kept == undone.end() ? undone.front() : *kept;
}

/// What was undone last and can still be finished; empty: there is none.
std::string to_be_finished()
{
    const auto inventory = setup::transactions(txn::default_places());
    if (!inventory || inventory->records.empty()) {
        return {};
    }
    const auto& last = inventory->records.back();
    const auto kept = setup::kept_plan(last);
    return last.state == txn::State::rolled_back && kept && *kept ? last.id : std::string{};
}

bool is_undone(const std::string& id)
{
    const auto record = setup::transaction(txn::default_places(), id);
    return record && record->state == txn::State::rolled_back;
}

}  // namespace

Result<cli::ExitCode> run_resume(const cli::Arguments& arguments, cli::Console& console)
{
    if (auto allowed = check_root("resume", "sudo host-setup resume"); !allowed) {
        return allowed.error();
    }
    if (auto sound = check_progress(arguments); !sound) {
        return std::move(sound).error();
    }
    const bool finishes = arguments.has("finish");
    const auto id = id_of(arguments);
    if (finishes && is_undone(id)) {
        return finish(id, arguments, console);
    }
    const auto request = undo_request(arguments, console);
    SystemRunner runner;
    const auto cleanup = request ? setup::resume(runner, *request, id) : Result<txn::Cleanup>{request.error()};
    if (!cleanup) {
        return cleanup.error();
    }
    const bool goes_on = finishes && !cleanup->undone.empty() && cleanup->failed.empty();
    if (goes_on) {
        std::ranges::for_each(cleanup->undone, [&](const auto& each) { console.note(txn::undone_sentence(each)); });
        return finish(last_asked_for(cleanup->undone), arguments, console);
    }
    if (!arguments.has("json")) {
        tell_undone(cleanup->undone, console);
    }
    if (const auto last = to_be_finished(); finishes && !last.empty()) {
        console.note(fmt::format("undone before, and can be finished: host-setup resume --finish {}", last));
    }
    if (!cleanup->failed.empty()) {
        return Error{ErrorCode::damaged,
                     fmt::format("could not undo all:\n  {}", fmt::join(cleanup->failed, "\n  ")),
                     "mend what is named, then run host-setup resume again"};
    }
    if (arguments.has("json")) {
        print_json(console, {{"schema", cli::schema_name("host-setup", "resume")}, {"undone", cleanup->undone}});
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
    if (arguments.has("json")) {
        print_json(console, decision_record("confirm", *kept, "kept"));
    } else {
        console.out << fmt::format("kept: {}\n", *kept);
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::host_setup
