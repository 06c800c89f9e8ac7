// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"

#include "base/deadline.hpp"
#include "commands.hpp"
#include "components.hpp"
#include "look.hpp"
#include "plan.hpp"
#include "render.hpp"
#include "system/runner.hpp"
#include "system/signals.hpp"

#include <unistd.h>

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

using cli::Json;

void print_record(const cli::Console& console, const setup::Done& done, const setup::Components& components)
{
    Json packages = Json::array();
    for (const auto& change : done.packages) {
        packages.push_back({{"name", change.name},
                            {"before", text_or_null(change.before)},
                            {"after", text_or_null(change.after)},
                            {"state", change.state}});
    }
    print_json(console,
               {{"schema", cli::schema_name("host-setup", "apply", 2)},
                {"host", host_record(done.host)},
                {"components", components_record(components)},
                {"changed", !done.steps.empty()},
                {"transaction", done.transaction.empty() ? Json() : Json(done.transaction)},
                {"steps", steps_record(done.steps)},
                {"packages", std::move(packages)},
                {"service", service_record(done.host.service)},
                {"device", device_record(done.host.device)},
                {"network", network_record(done.host.network)},
                {"relogin", done.relogin},
                {"reboot", done.reboot},
                {"notes", done.notes}});
}

void print_text(const cli::Console& console, const setup::Done& done)
{
    if (done.steps.empty()) {
        console.out << "nothing to do\n";
    }
    for (const setup::Step& step : done.steps) {
        console.out << "did: " << describe(step) << '\n';
    }
    if (!done.packages.empty()) {
        console.out << fmt::format("{} packages changed\n", done.packages.size());
    }
    print_notes(console, done.notes);
    print_reboot(console, done.reboot);
}

/// Passes on what apt reports, a line for every tenth part where no terminal rewrites it.
class ProgressLine {
public:
    explicit ProgressLine(const cli::Console& console) : console_(console) {}

    void operator()(const setup::PackageProgress& progress)
    {
        if (!progress.remark.empty()) {
            console_.warn(progress.remark);
            return;
        }
        const int tenth = static_cast<int>(progress.percent) / 10;
        const bool news = tenth != tenth_ || progress.downloading != downloading_;
        if (console_.err_is_terminal || news) {
            console_.progress(fmt::format(
                "{} {:3.0f}%  {}", progress.downloading ? "fetch" : "install", progress.percent, progress.text));
        }
        tenth_ = tenth;
        downloading_ = progress.downloading;
    }

private:
    const cli::Console& console_;
    int tenth_ = -1;
    bool downloading_ = false;
};

Result<std::chrono::seconds> seconds_of(const cli::Arguments& arguments, const char* name)
{
    const auto duration = parse_duration(arguments.text(name));
    if (!duration) {
        return Error{ErrorCode::usage, fmt::format("--{}: {}", name, duration.error().message), duration.error().hint};
    }
    return std::chrono::ceil<std::chrono::seconds>(*duration);
}

}  // namespace

void declare_run_options(cli::po::options_description_easy_init& add)
{
    const auto seconds = [](const char* standard) {
        return cli::po::value<std::string>()->value_name("SECONDS")->default_value(standard);
    };
    add("json", "one JSON record");
    add("yes", "accepted for scripts; nothing is ever asked");
    add("lock-timeout", seconds("600"), "how long to wait for another apt, dpkg, dnf, zypper, rpm or pacman");
    add("timeout", seconds("3600"), "how long one run of apt, dnf, zypper or pacman may take before it is killed");
}

Result<setup::Request> read_request(const cli::Arguments& arguments, setup::Components components)
{
    const auto lock_wait = seconds_of(arguments, "lock-timeout");
    const auto run = seconds_of(arguments, "timeout");
    if (!lock_wait || !run) {
        return lock_wait ? run.error() : lock_wait.error();
    }
    return setup::Request{.components = std::move(components),
                          .limits = {.lock_wait = *lock_wait, .run = *run},
                          .command_line = arguments.command_line(),
                          .places = txn::default_places(),
                          .repair = arguments.has("repair"),
                          .catalogue = shipped_packages()};
}

std::string shipped_packages()
{
    return KVMKIT_DATA_DIR "/packages.json";
}

std::string shipped_mirrors()
{
    return KVMKIT_DATA_DIR "/mirrors.json";
}

Result<std::optional<setup::MirrorOrder>> mirror_order(const cli::Arguments& arguments,
                                                       const setup::Components& components)
{
    const auto named = arguments.maybe("mirror");
    if (named.has_value() != components.contains(setup::Component::mirror)) {
        return Error{ErrorCode::usage,
                     named ? "--mirror belongs to component mirror" : "component mirror needs --mirror NAME|URL",
                     "host-setup apply mirror hypervisor --mirror NAME; names: host-setup mirror list"};
    }
    if (!named) {
        return std::optional<setup::MirrorOrder>{};
    }
    return std::optional{setup::MirrorOrder{*named, arguments.has("security"), shipped_mirrors()}};
}

Result<void> check_root(std::string_view doing, std::string_view again)
{
    if (::geteuid() == 0) {
        return {};
    }
    return Error{ErrorCode::permission, fmt::format("cannot {}: only root may", doing), std::string{again}};
}

Result<cli::ExitCode> carry_out(const setup::Request& request,
                                const cli::Arguments& arguments,
                                const cli::Console& console)
{
    auto signals = SignalWatch::open();
    if (!signals) {
        return std::move(signals).error();
    }
    ProgressLine progress{console};
    const setup::Talk talk{.note = [&](const std::string& text) { console.note(text); },
                           .warn = [&](const std::string& text) { console.warn(text); },
                           .progress = [&](const setup::PackageProgress& now) { progress(now); },
                           .interrupted = [&] { return signals->caught().has_value(); }};
    SystemRunner runner;
    const auto done = setup::apply(runner, request, talk);
    if (!done) {
        return done.error();
    }
    arguments.has("json") ? print_record(console, *done, request.components) : print_text(console, *done);
    const bool not_yet = !done->relogin.empty() || !done->reboot.empty();
    return not_yet && arguments.has("detailed-exit") ? cli::ExitCode::not_yet : cli::ExitCode::ok;
}

void declare_apply(cli::po::options_description_easy_init add)
{
    declare_run_options(add);
    declare_profile(add);
    declare_repair(add);
    add("dry-run", "show what would be done, and change nothing: the same as plan");
    add("detailed-exit", "exit code 13 where a new login or a reboot is needed, 0 otherwise");
    declare_mirror_choice(add);
    declare_wishes(add);
}

Result<cli::ExitCode> run_apply(const cli::Arguments& arguments, cli::Console& console)
{
    auto chosen = components_of(arguments);
    if (!chosen) {
        return std::move(chosen).error();
    }
    auto mirror = mirror_order(arguments, chosen->components);
    if (!mirror) {
        return std::move(mirror).error();
    }
    const auto root = Root::open("/");
    auto wishes = root ? read_wishes(arguments, chosen->components, *root) : root.error();
    if (!wishes) {
        return std::move(wishes).error();
    }
    auto request = read_request(arguments, std::move(chosen->components));
    if (!request) {
        return std::move(request).error();
    }
    request->tutorial = chosen->tutorial;
    request->mirror = std::move(*mirror);
    request->user = std::move(wishes->user);
    request->network = wishes->network;
    request->claims = claims_of_this_host;
    if (arguments.has("dry-run")) {
        return show_plan(*root, arguments, console);
    }
    if (::geteuid() != 0) {
        return Error{ErrorCode::permission,
                     "cannot set up host: only root may install packages and start services",
                     "sudo host-setup apply; or look first, as anybody: host-setup plan"};
    }
    return carry_out(*request, arguments, console);
}

}  // namespace kvmkit::host_setup
