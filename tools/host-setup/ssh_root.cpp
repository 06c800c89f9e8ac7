// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/trial.hpp"

#include "apply.hpp"
#include "commands.hpp"
#include "render.hpp"
#include "system/signals.hpp"

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

Result<setup::RootLoginRequest> request_of(const cli::Arguments& arguments)
{
    const auto wish = setup::parse_root_login(arguments.text("permit"), arguments.maybe("from").value_or(""));
    if (!wish) {
        return wish.error();
    }
    const auto within = parse_duration(arguments.text("confirm-within"));
    if (!within || *within < std::chrono::seconds{1} || *within > std::chrono::hours{24}) {
        return Error{ErrorCode::usage,
                     within ? "cannot wait for so long, or so short a time" : within.error().message,
                     "--confirm-within takes 1 second to 24 hours, as 90s or 5m"};
    }
    return setup::RootLoginRequest{*wish, *within, arguments.command_line(), txn::default_places()};
}

void print_done(const cli::Console& console, const setup::RootLoginDone& done, bool json)
{
    if (json) {
        print_json(console,
                   {{"schema", cli::schema_name("host-setup", "ssh-root")},
                    {"changed", !done.steps.empty()},
                    {"transaction", done.transaction.empty() ? cli::Json() : cli::Json(done.transaction)},
                    {"steps", steps_record(done.steps)},
                    {"notes", done.notes}});
        return;
    }
    if (done.steps.empty()) {
        console.out << "nothing to do\n";
    }
    for (const setup::Step& step : done.steps) {
        console.out << "did: " << describe(step) << '\n';
    }
    print_notes(console, done.notes);
}

}  // namespace

void declare_ssh_root(cli::po::options_description_easy_init add)
{
    const auto text = [](const char* name) { return cli::po::value<std::string>()->value_name(name); };
    add("json", "one JSON record");
    add("yes", "accepted for scripts; nothing is ever asked");
    add("permit",
        text("HOW")->default_value("prohibit-password"),
        "prohibit-password: by key only, and only if one is in place; yes: by password, too");
    add("from", text("RANGE|any"), "for whom: 192.0.2.0/24, or any; needed for yes");
    add("confirm-within",
        text("TIME")->default_value("120s"),
        "undone unless 'host-setup confirm' comes from a new login in time");
}

Result<cli::ExitCode> run_ssh_root(const cli::Arguments& arguments, cli::Console& console)
{
    const auto request = request_of(arguments);
    if (!request) {
        return request.error();
    }
    if (auto allowed = check_root("change sshd's settings", "sudo host-setup ssh-root"); !allowed) {
        return allowed.error();
    }
    auto signals = SignalWatch::open();
    if (!signals) {
        return std::move(signals).error();
    }
    const setup::Talk talk{.note = [&](const std::string& text) { console.note(text); },
                           .warn = [&](const std::string& text) { console.warn(text); },
                           .progress = [](const setup::PackageProgress&) {},
                           .interrupted = [&] { return signals->caught().has_value(); }};
    SystemRunner runner;
    const auto done = setup::change_root_login(runner, *request, talk);
    if (!done) {
        return done.error();
    }
    print_done(console, *done, arguments.has("json"));
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::host_setup
