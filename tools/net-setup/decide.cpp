// SPDX-License-Identifier: Apache-2.0
#include "cli/json.hpp"
#include "commands.hpp"
#include "keeping.hpp"
#include "net/change.hpp"
#include "net/history.hpp"
#include "net/persist/resume.hpp"
#include "session.hpp"
#include "txn/ask.hpp"
#include "txn/places.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net_setup {
namespace {

/// Others have a state of their own, in which no change of the host is.
Result<void> only_root()
{
    return ::geteuid() == 0 ? Result<void>{}
                            : Error{ErrorCode::permission,
                                    "cannot ask about changes of the network: only root may",
                                    "sudo net-setup ..."};
}

Result<txn::Answer> ask(const std::string& words)
{
    if (auto may = only_root(); !may) {
        return std::move(may).error();
    }
    return txn::ask("net-setup", net::watchdog_socket(txn::default_places()), words);
}

std::string id_of(const cli::Arguments& arguments)
{
    return arguments.operands().empty() ? "" : arguments.operands().front();
}

/// What was decided about a change; `end` is "kept", "undone" or "extended".
cli::Json decision_record(std::string_view command, const std::string& id, std::string_view end)
{
    return {{"schema", cli::schema_name("net-setup", command)}, {"transaction", id}, {"end", end}};
}

/// Whoever answered has written the files as well, or could not.
cli::ExitCode tell_kept(const std::string& id, bool json, const cli::Console& console)
{
    const auto keeping = keeping_of(id);
    const bool as_wanted = !keeping || (keeping->failure.empty() && !keeping->stalled);
    if (json) {
        auto record = decision_record("confirm", id, "kept");
        record["persistence"] = keeping_record(keeping);
        cli::print_json(console, record);
        return as_wanted ? cli::ExitCode::ok : cli::ExitCode::no;
    }
    console.note(fmt::format("kept: {}", id));
    if (!keeping) {
        console.note("until the next boot: 'net-setup persist LINK' keeps it longer");
        return cli::ExitCode::ok;
    }
    print_keeping(*keeping, console);
    return as_wanted ? cli::ExitCode::ok : cli::ExitCode::no;
}

/// Has the change that waits ended in this way, and returns its id; what the watchdog did instead is an Error.
Result<std::string> end_in(std::string_view verb, const std::string& wanted, const cli::Arguments& arguments)
{
    if (auto may = only_root(); !may) {
        return std::move(may).error();
    }
    return txn::ask_to(
        "net-setup", net::watchdog_socket(txn::default_places()), fmt::format("{} {}", verb, id_of(arguments)), wanted);
}

void tell_undone(const std::vector<std::string>& ids, bool json, const cli::Console& console)
{
    for (const std::string& id : ids) {
        if (json) {
            cli::print_json(console, decision_record("rollback", id, "undone"));
        } else {
            console.note(fmt::format("undone: {}", id));
        }
    }
}

/// Nobody waits: what a killed run and its killed watchdog left is undone. `nothing` is the error where there is
/// nothing.
Result<cli::ExitCode> undo_half_made(const cli::Arguments& arguments, const Error& nothing, const cli::Console& console)
{
    auto session = open_session(arguments);
    if (!session) {
        return session.error();
    }
    const net::Undertaking undertaking{arguments.command_line(), txn::default_places(), session->here};
    const auto recovery = net::undo_half_made(session->route, undertaking, id_of(arguments));
    if (!recovery) {
        return recovery.error().code == ErrorCode::not_found ? nothing : recovery.error();
    }
    std::ranges::for_each(recovery->elsewhere, [&console](const std::string& sentence) { console.warn(sentence); });
    tell_undone(recovery->undone, arguments.has("json"), console);
    if (!recovery->failed.empty()) {
        return Error{ErrorCode::damaged, fmt::format("could not undo:\n  {}", fmt::join(recovery->failed, "\n  "))};
    }
    return recovery->undone.empty() ? Result<cli::ExitCode>{nothing} : cli::ExitCode::ok;
}

/// What killed runs left, and nobody has ended yet.
std::vector<std::string> left_unfinished(bool watched, const cli::Console& console)
{
    const auto places = txn::default_places();
    auto found = net::unfinished(places);
    auto links = watched ? std::vector<std::string>{} : net::half_made(places, "net-setup");
    if (!found || !links) {
        console.warn(!found ? found.error().message : links.error().message);
        return {};
    }
    links->insert(links->end(), found->begin(), found->end());
    return std::move(*links);
}

}  // namespace

void declare_confirm(cli::po::options_description_easy_init add)
{
    add("json", "print one JSON record");
}

Result<cli::ExitCode> confirm(const cli::Arguments& arguments, cli::Console& console)
{
    const auto id = end_in("confirm", "kept", arguments);
    return id ? Result<cli::ExitCode>{tell_kept(*id, arguments.has("json"), console)} : id.error();
}

void declare_rollback(cli::po::options_description_easy_init add)
{
    declare_place(add);
    add("json", "print one JSON record for each change that is undone");
}

Result<cli::ExitCode> rollback(const cli::Arguments& arguments, cli::Console& console)
{
    const auto id = end_in("rollback", "undone", arguments);
    if (id) {
        tell_undone({*id}, arguments.has("json"), console);
        return cli::ExitCode::ok;
    }
    return id.error().code == ErrorCode::not_found ? undo_half_made(arguments, id.error(), console) : id.error();
}

void declare_extend(cli::po::options_description_easy_init add)
{
    add("json", "print one JSON record");
    add("by",
        cli::po::value<std::string>()->value_name("TIME")->default_value("90s"),
        "how much longer to wait, as 90s or 5m");
}

Result<cli::ExitCode> extend(const cli::Arguments& arguments, cli::Console& console)
{
    const auto more = parse_duration(arguments.text("by"));
    if (!more) {
        return more.error();
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*more).count();
    const auto answer = ask(fmt::format("extend {} {}", id_of(arguments), seconds));
    if (!answer) {
        return answer.error();
    }
    if (answer->word == "short") {
        return Error{ErrorCode::external,
                     fmt::format("cannot wait longer: {}", answer->rest),
                     "the change ends when it would have: net-setup status"};
    }
    if (answer->word != "extended") {
        return Error{ErrorCode::usage, "cannot wait for so long, or so short a time", "1 second to 24 hours"};
    }
    if (arguments.has("json")) {
        cli::print_json(console, decision_record("extend", answer->id, "extended"));
        return cli::ExitCode::ok;
    }
    console.note(fmt::format("extended: {}", answer->id));
    return cli::ExitCode::ok;
}

void declare_status(cli::po::options_description_easy_init add)
{
    add("json", "print one JSON record");
}

Result<cli::ExitCode> status(const cli::Arguments& arguments, cli::Console& console)
{
    const auto answer = ask("status");
    if (!answer && answer.error().code != ErrorCode::not_found) {
        return answer.error();
    }
    std::int64_t left_ms = 0;
    int pid = 0;
    std::string state;
    if (answer) {  // ID STATE LEFT PID
        state = answer->id;
        const char* const end = answer->rest.data() + answer->rest.size();
        const auto read = std::from_chars(answer->rest.data(), end, left_ms);
        (void)std::from_chars(std::min(read.ptr + 1, end), end, pid);
    }
    const auto unfinished = left_unfinished(answer.has_value(), console);
    if (arguments.has("json")) {
        cli::print_json(console,
                        {{"schema", cli::schema_name("net-setup", "status")},
                         {"unfinished", unfinished},
                         {"transaction", answer ? cli::Json(answer->word) : cli::Json()},
                         {"state", answer ? cli::Json(state) : cli::Json()},
                         {"seconds_left", answer && state == "applied" ? cli::Json(left_ms / 1000) : cli::Json()},
                         {"watchdog_pid", answer ? cli::Json(pid) : cli::Json()}});
    } else if (!answer) {
        console.out << "no change waits for an answer\n";
    } else if (state == "applied") {
        console.out << fmt::format("{}: made, undone in {} s unless confirmed\n", answer->word, left_ms / 1000);
    } else {
        console.out << fmt::format("{}: being made\n", answer->word);
    }
    for (const std::string& sentence : arguments.has("json") ? std::vector<std::string>{} : unfinished) {
        console.out << sentence << '\n';
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::net_setup
