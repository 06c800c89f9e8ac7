// SPDX-License-Identifier: Apache-2.0
#include "cli/json.hpp"
#include "commands.hpp"
#include "keeping.hpp"
#include "net/change.hpp"
#include "net/persist/resume.hpp"
#include "txn/ask.hpp"
#include "txn/places.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

Result<txn::Answer> ask(const std::string& words)
{
    return txn::ask("net-setup", net::watchdog_socket(txn::default_places()), words);
}

std::string id_of(const cli::Arguments& arguments)
{
    return arguments.operands().empty() ? "" : arguments.operands().front();
}

/// Whoever answered has written the files as well, or could not.
cli::ExitCode tell_kept(const std::string& id, const cli::Console& console)
{
    console.note(fmt::format("kept: {}", id));
    const auto keeping = keeping_of(id);
    if (!keeping) {
        console.note("until the next boot: 'net-setup persist LINK' keeps it longer");
        return cli::ExitCode::ok;
    }
    print_keeping(*keeping, console);
    return keeping->failure.empty() && !keeping->stalled ? cli::ExitCode::ok : cli::ExitCode::no;
}

/// Asks, and says what came of it; what the watchdog did instead is an Error.
Result<cli::ExitCode> decide(const std::string& words, std::string_view wanted, const cli::Console& console)
{
    const auto id = txn::ask_to("net-setup", net::watchdog_socket(txn::default_places()), words, std::string{wanted});
    if (!id) {
        return id.error();
    }
    if (wanted == "kept") {
        return tell_kept(*id, console);
    }
    console.note(fmt::format("{}: {}", wanted, *id));
    return cli::ExitCode::ok;
}

/// What a killed run left, and nobody has ended yet. Only root may look.
std::vector<std::string> left_unfinished(const cli::Console& console)
{
    auto found = net::unfinished(txn::default_places());
    if (!found) {
        console.warn(found.error().message);
        return {};
    }
    return std::move(*found);
}

}  // namespace

void declare_nothing(cli::po::options_description_easy_init /*add*/) {}

Result<cli::ExitCode> confirm(const cli::Arguments& arguments, cli::Console& console)
{
    return decide("confirm " + id_of(arguments), "kept", console);
}

Result<cli::ExitCode> rollback(const cli::Arguments& arguments, cli::Console& console)
{
    return decide("rollback " + id_of(arguments), "undone", console);
}

void declare_extend(cli::po::options_description_easy_init add)
{
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
    if (answer->word != "extended") {
        return Error{ErrorCode::usage, "cannot wait for so long, or so short a time", "1 second to 24 hours"};
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
    const auto unfinished = left_unfinished(console);
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
