// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/trial.hpp"

#include "apply.hpp"
#include "commands.hpp"
#include "look.hpp"
#include "render.hpp"
#include "system/signals.hpp"

namespace kvmkit::host_setup {
namespace {

Result<setup::RootLoginRequest> request_of(const cli::Arguments& arguments)
{
    const auto order = root_login_order(
        arguments.text("confirm-within"), arguments.text("permit"), arguments.maybe("from").value_or(""));
    const auto limits = read_limits(arguments);
    if (!order || !limits) {
        return order ? limits.error() : order.error();
    }
    return setup::RootLoginRequest{*order, arguments.command_line(), txn::default_places(), *limits};
}

void print_done(const cli::Console& console, const setup::RootLoginDone& done, bool json)
{
    if (json) {
        cli::Json record{{"schema", cli::schema_name("host-setup", "ssh-root")}};
        record.update(root_login_record(done));
        print_json(console, record);
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
    declare_yes(add);
    add("permit",
        text("HOW")->default_value("prohibit-password"),
        "prohibit-password: by key only, and only if one is in place; yes: by password, too");
    add("from", text("RANGE|any"), "for whom: 192.0.2.0/24, or any; needed for yes");
    declare_confirm_within(add);
    declare_limits(add);
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
