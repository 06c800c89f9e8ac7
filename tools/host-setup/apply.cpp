// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"

#include "base/deadline.hpp"
#include "commands.hpp"
#include "components.hpp"
#include "from_check.hpp"
#include "image.hpp"
#include "look.hpp"
#include "plan.hpp"
#include "progress.hpp"
#include "render.hpp"
#include "saved.hpp"
#include "system/runner.hpp"
#include "system/signals.hpp"

#include <unistd.h>

#include <algorithm>

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
                {"changed", !done.steps.empty() || (done.root_login && !done.root_login->steps.empty())},
                {"transaction", done.transaction.empty() ? Json() : Json(done.transaction)},
                {"steps", steps_record(done.steps)},
                {"packages", std::move(packages)},
                {"service", service_record(done.host.service)},
                {"device", device_record(done.host.device)},
                {"network", network_record(done.host.network)},
                {"relogin", done.relogin},
                {"reboot", done.reboot},
                {"root_login", done.root_login ? root_login_record(*done.root_login) : Json()},
                {"notes", done.notes}});
}

void print_text(const cli::Console& console, const setup::Done& done)
{
    auto steps = done.steps;
    auto notes = done.notes;
    if (done.root_login) {
        steps.insert(steps.end(), done.root_login->steps.begin(), done.root_login->steps.end());
        notes.insert(notes.end(), done.root_login->notes.begin(), done.root_login->notes.end());
    }
    if (steps.empty()) {
        console.out << "nothing to do\n";
    }
    for (const setup::Step& step : steps) {
        console.out << "did: " << describe(step) << '\n';
    }
    if (!done.packages.empty()) {
        console.out << fmt::format("{} packages changed\n", done.packages.size());
    }
    print_notes(console, notes);
    print_reboot(console, done.reboot);
}

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
    add("json", "one JSON record");
    declare_yes(add);
    declare_patience(add);
}

void declare_yes(cli::po::options_description_easy_init& add)
{
    add("yes", "accepted for scripts; nothing is ever asked");
}

void declare_patience(cli::po::options_description_easy_init& add)
{
    declare_progress(add);
    declare_limits(add);
}

void declare_limits(cli::po::options_description_easy_init& add)
{
    const auto seconds = [](const char* standard) {
        return cli::po::value<std::string>()->value_name("SECONDS")->default_value(standard);
    };
    add("lock-timeout", seconds("600"), "how long to wait for another apt, dpkg, dnf, zypper, rpm or pacman");
    add("timeout", seconds("3600"), "how long one run of apt, dnf, zypper or pacman may take before it is killed");
}

Result<setup::PackageLimits> read_limits(const cli::Arguments& arguments)
{
    const auto lock_wait = seconds_of(arguments, "lock-timeout");
    const auto run = seconds_of(arguments, "timeout");
    if (!lock_wait || !run) {
        return lock_wait ? run.error() : lock_wait.error();
    }
    return setup::PackageLimits{.lock_wait = *lock_wait, .run = *run};
}

Result<setup::Request> read_request(const cli::Arguments& arguments, setup::Components components)
{
    if (auto sound = check_progress(arguments); !sound) {
        return std::move(sound).error();
    }
    auto limits = read_limits(arguments);
    if (!limits) {
        return std::move(limits).error();
    }
    return setup::Request{.components = std::move(components),
                          .limits = std::move(*limits),
                          .command_line = arguments.command_line(),
                          .places = txn::default_places(),
                          .repair = arguments.has("repair"),
                          .catalogue = in_image(arguments) ? "" : shipped_packages(),
                          .claims = in_image(arguments) ? nullptr : claims_of_this_host,
                          .allow_remove = arguments.list("allow-remove"),
                          .image = in_image(arguments)};
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
    return std::optional{
        setup::MirrorOrder{*named, arguments.has("security"), in_image(arguments) ? "" : shipped_mirrors()}};
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
    ProgressTeller teller{console, arguments};
    const setup::Talk talk{.note = [&](const std::string& text) { teller.note(as_typed(text, arguments)); },
                           .warn = [&](const std::string& text) { teller.warn(as_typed(text, arguments)); },
                           .progress = [&](const setup::PackageProgress& now) { teller.packages(now); },
                           .interrupted = [&] { return signals->caught().has_value(); }};
    SystemRunner runner;
    auto done = setup::apply(runner, request, talk);
    if (!done) {
        return std::move(done).error();
    }
    as_typed(done->notes, arguments);
    arguments.has("json") ? print_record(console, *done, request.components) : print_text(console, *done);
    const bool not_yet = !done->relogin.empty() || !done->reboot.empty();
    return not_yet && arguments.has("detailed-exit") ? cli::ExitCode::not_yet : cli::ExitCode::ok;
}

void declare_apply(cli::po::options_description_easy_init add)
{
    declare_run_options(add);
    declare_profile(add);
    declare_repair(add);
    declare_removals(add);
    declare_from(add);
    add("plan", cli::po::value<std::string>()->value_name("FILE"), "make just what plan -o FILE has saved");
    add("dry-run", "show what would be done, and change nothing: the same as plan");
    declare_image(add, "make the system in DIR a KVM host, an image: nothing of it is started");
    add("detailed-exit", "exit code 13 where a new login or a reboot is needed, 0 otherwise");
    declare_mirror_choice(add);
    declare_wishes(add);
}

namespace {

Result<void> check_may_apply()
{
    return check_root("set up host", "sudo host-setup apply; or look first, as anybody: host-setup plan");
}

Result<cli::ExitCode> apply_saved(const cli::Arguments& arguments, const cli::Console& console)
{
    const auto request = read_planned_request(arguments);
    auto allowed = request ? check_may_apply() : Result<void>{request.error()};
    return allowed ? carry_out(*request, arguments, console) : std::move(allowed).error();
}

/// What needs a host that runs, or is of one.
Result<void> check_fits_image(const cli::Arguments& arguments)
{
    for (const char* option : {"plan", "from", "ssh-root", "ssh-root-from", "confirm-within"}) {
        if (arguments.given(option)) {
            return Error{ErrorCode::usage,
                         fmt::format("--{} is for a host that runs, and --root names an image", option),
                         "leave one of them out"};
        }
    }
    const auto& names = arguments.operands();
    if (std::ranges::find(names, word(setup::Component::ssh_root)) != names.end()) {
        return Error{ErrorCode::usage,
                     "component ssh-root is on trial until a login confirms it, and nobody logs in to an image",
                     "on the host itself: host-setup ssh-root"};
    }
    return {};
}

Result<cli::ExitCode> apply_here(const cli::Arguments& arguments, cli::Console& console)
{
    if (arguments.has("plan")) {
        return apply_saved(arguments, console);
    }
    auto chosen = chosen_of(arguments);
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
    auto request = read_request(arguments, chosen->components);
    if (!request) {
        return std::move(request).error();
    }
    if (arguments.has("dry-run")) {
        return show_plan(*root, arguments, *chosen, console);
    }
    if (auto allowed = check_may_apply(); !allowed) {
        return std::move(allowed).error();
    }
    request->tutorial = chosen->tutorial;
    request->remarks = chosen->remarks;
    request->mirror = std::move(*mirror);
    request->user = std::move(wishes->user);
    request->network = wishes->network;
    request->root_login = wishes->root_login;
    request->kept = order_of(arguments, *chosen, request->user);
    return carry_out(*request, arguments, console);
}

}  // namespace

Result<cli::ExitCode> run_apply(const cli::Arguments& arguments, cli::Console& console)
{
    auto fits = arguments.given("root") ? check_fits_image(arguments) : Result<void>{};
    const auto visit = arguments.has("dry-run") ? setup::Visit::looks : setup::Visit::changes;
    return fits ? run_there(arguments, console, visit, apply_here) : std::move(fits).error();
}

}  // namespace kvmkit::host_setup
