// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "finish.hpp"
#include "image.hpp"
#include "progress.hpp"
#include "setup/clean_up.hpp"
#include "setup/history.hpp"
#include "system/runner.hpp"
#include "undo_request.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::host_setup {
namespace {

void tell_undone(const std::vector<std::string>& undone, const cli::Arguments& arguments, const cli::Console& console)
{
    for (const std::string& id : undone) {
        console.out << txn::undone_sentence(id) << '\n';
        const auto record = setup::transaction(txn::default_places(), id);
        if (record && !record->stood) {
            const auto where = arguments.given("root") ? fmt::format(" --root {}", arguments.text("root")) : "";
            const auto finish = fmt::format("; or: host-setup resume{} --finish {}", where, id);
            console.note(fmt::format("to go on: {}{}", record->command, can_be_finished(*record) ? finish : ""));
        }
    }
    if (undone.empty()) {
        console.out << "nothing to resume\n";
    }
}

Result<txn::Cleanup> undo(const std::string& id, const cli::Arguments& arguments, const cli::Console& console)
{
    const auto request = undo_request(arguments, console);
    SystemRunner runner;
    return request ? setup::resume(runner, *request, id) : Result<txn::Cleanup>{request.error()};
}

Result<void> check_all_undone(const txn::Cleanup& cleanup)
{
    return cleanup.failed.empty() ? Result<void>{}
                                  : Error{ErrorCode::damaged,
                                          fmt::format("could not undo all:\n  {}", fmt::join(cleanup.failed, "\n  ")),
                                          "mend what is named, then run host-setup resume again"};
}

/// What was undone, where nothing is gone on with.
Result<cli::ExitCode> report(const txn::Cleanup& cleanup, const cli::Arguments& arguments, const cli::Console& console)
{
    if (!arguments.has("json")) {
        tell_undone(cleanup.undone, arguments, console);
    }
    if (auto all = check_all_undone(cleanup); !all) {
        return std::move(all).error();
    }
    if (arguments.has("json")) {
        print_json(console, {{"schema", cli::schema_name("host-setup", "resume")}, {"undone", cleanup.undone}});
    }
    return cli::ExitCode::ok;
}

/// Undoes, and makes the change to its end. What can be refused by the record alone is, before anything is undone.
Result<cli::ExitCode> undo_and_finish(const std::string& id,
                                      const cli::Arguments& arguments,
                                      const cli::Console& console)
{
    const auto found = change_to_finish(id);
    if (!found) {
        return found.error();
    }
    const txn::Record* const record = *found ? &**found : nullptr;
    const auto request =
        record != nullptr ? request_to_finish(*record, arguments) : Result<std::optional<setup::Request>>{std::nullopt};
    if (!request) {
        return request.error();
    }
    const bool undone_before = record != nullptr && record->state == txn::State::rolled_back;
    const auto cleanup = undone_before ? Result<txn::Cleanup>{txn::Cleanup{}} : undo(id, arguments, console);
    if (!cleanup) {
        return cleanup.error();
    }
    const bool on_request = record != nullptr && record->stood && id.empty();
    if (record == nullptr || (on_request && !undone_before)) {
        return report(*cleanup, arguments, console);
    }
    std::ranges::for_each(cleanup->undone, [&](const auto& each) { console.note(txn::undone_sentence(each)); });
    if (auto all = check_all_undone(*cleanup); !all) {
        return std::move(all).error();
    }
    if (on_request || !*request) {
        return setup::after_undoing(cannot_finish(*record), cleanup->undone);
    }
    console.note(fmt::format("going on with {}: {}", record->id, record->command));
    auto ended = carry_out(**request, arguments, console);
    return ended ? ended : setup::after_undoing(std::move(ended).error(), cleanup->undone);
}

}  // namespace

void declare_resume(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record; that of apply where --finish has something to finish");
    add("finish", "then go on to the end with what was asked for");
    declare_yes(add);
    declare_patience(add);
    declare_image(add, "of the system in DIR, an image");
}

namespace {

Result<cli::ExitCode> resume_here(const cli::Arguments& arguments, cli::Console& console)
{
    if (auto allowed = check_root("resume", "sudo host-setup resume"); !allowed) {
        return allowed.error();
    }
    if (auto sound = check_progress(arguments); !sound) {
        return std::move(sound).error();
    }
    const auto id = id_of(arguments);
    if (arguments.has("finish")) {
        return undo_and_finish(id, arguments, console);
    }
    const auto cleanup = undo(id, arguments, console);
    return cleanup ? report(*cleanup, arguments, console) : Result<cli::ExitCode>{cleanup.error()};
}

}  // namespace

Result<cli::ExitCode> run_resume(const cli::Arguments& arguments, cli::Console& console)
{
    return run_there(arguments, console, setup::Visit::changes, resume_here);
}

}  // namespace kvmkit::host_setup
