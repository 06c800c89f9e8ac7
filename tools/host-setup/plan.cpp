// SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include "apply.hpp"
#include "commands.hpp"
#include "components.hpp"
#include "from_check.hpp"
#include "image.hpp"
#include "look.hpp"
#include "render.hpp"
#include "saved.hpp"
#include "system/runner.hpp"

#include <unistd.h>

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

using cli::Json;

void print_record(const cli::Console& console, const setup::Host& host, const Planned& planned)
{
    Json missing = Json::array();
    for (const auto& need : planned.plan.missing) {
        const auto candidate = host.candidates.find(need.package);
        missing.push_back({{"name", need.package},
                           {"capability", need.capability},
                           {"candidate", candidate != host.candidates.end() ? Json(candidate->second) : Json()}});
    }
    print_json(console,
               {{"schema", cli::schema_name("host-setup", "plan")},
                {"host", host_record(host)},
                {"components", components_record(planned.chosen.components)},
                {"missing", std::move(missing)},
                {"steps", steps_record(planned.plan.steps)},
                {"price", price_record(planned.price)},
                {"service", service_record(host.service)},
                {"device", device_record(host.device)},
                {"network", network_record(host.network)},
                {"relogin", planned.plan.relogin},
                {"reboot", planned.plan.reboot},
                {"notes", planned.plan.notes}});
}

/// The mirror's steps come first. Nothing is fetched for a plan: whether it serves is proved when it is done.
Result<void> add_mirror(const Root& root,
                        const setup::Host& host,
                        const std::optional<setup::MirrorOrder>& order,
                        setup::Plan& plan)
{
    if (!order) {
        return {};
    }
    auto mirror = setup::plan_mirror(root, host, *order);
    if (!mirror) {
        return std::move(mirror).error();
    }
    plan.steps.insert(plan.steps.begin(), mirror->steps.begin(), mirror->steps.end());
    plan.notes.insert(plan.notes.begin(), mirror->notes.begin(), mirror->notes.end());
    return {};
}

/// The steps of root's login come last. sshd answers root alone.
Result<void> add_root_login(const Root& root, const Wishes& wishes, setup::Plan& plan)
{
    if (!wishes.root_login) {
        return {};
    }
    if (!root.is_this_host() || ::geteuid() != 0) {
        plan.notes.emplace_back(
            "what sshd lets root do now, it tells root alone, and on its own host: ssh-root is "
            "left out of this plan");
        return {};
    }
    SystemRunner runner;
    auto login = setup::plan_root_login(runner, root, wishes.root_login->wish);
    if (!login) {
        return std::move(login).error();
    }
    plan.steps.insert(plan.steps.end(), login->steps.begin(), login->steps.end());
    plan.notes.insert(plan.notes.end(), login->notes.begin(), login->notes.end());
    return {};
}

}  // namespace

void declare_mirror_choice(cli::po::options_description_easy_init& add)
{
    add("mirror",
        cli::po::value<std::string>()->value_name("NAME|URL"),
        "of component mirror: where packages come from");
    add("security", "of component mirror: security updates come from there, too");
}

void declare_profile(cli::po::options_description_easy_init& add)
{
    add("profile",
        cli::po::value<std::string>()->value_name("PROFILE"),
        "components that belong together: minimal, server, workstation, tutorial");
}

void declare_removals(cli::po::options_description_easy_init& add)
{
    add("allow-remove",
        cli::po::value<std::vector<std::string>>()->value_name("PACKAGE"),
        "this package may go where the others need that (apt; more than once)");
}

void declare_repair(cli::po::options_description_easy_init& add)
{
    add("repair", "first finish what an interrupted dpkg began");
}

namespace {

/// What apply would do with these arguments, on this host.
struct Outlook {
    setup::Host host;
    Planned planned;
};

Result<Outlook> look_ahead(const Root& root, const cli::Arguments& arguments, const Chosen& chosen)
{
    const auto wishes = read_wishes(arguments, chosen.components, root);
    const auto mirror = wishes ? mirror_order(arguments, chosen.components) : wishes.error();
    if (!mirror) {
        return mirror.error();
    }
    SystemRunner runner;
    const bool image = in_image(arguments) && root.is_this_host();
    auto wanted = setup::wanted_of(chosen.components, chosen.tutorial, image ? "" : shipped_packages());
    wanted.image = image;
    auto host = look_at(root, runner, wishes->user, wanted);
    if (!host) {
        return std::move(host).error();
    }
    if (!chosen.components.contains(setup::Component::network)) {
        host->network.claims = std::optional<std::vector<Ipv4Claim>>{};  // as apply has it: they decide nothing
    }
    auto plan = make_plan(*host, chosen.components, wishes->network);
    if (!plan) {
        return std::move(plan).error();
    }
    plan->notes.insert(plan->notes.begin(), chosen.remarks.begin(), chosen.remarks.end());
    if (auto added = add_mirror(root, *host, *mirror, *plan); !added) {
        return std::move(added).error();
    }
    if (auto added = add_root_login(root, *wishes, *plan); !added) {
        return std::move(added).error();
    }
    as_typed(plan->notes, arguments);
    const bool repairs = arguments.has("repair") && is_unfinished(host->packages);
    if (repairs) {
        plan->steps.insert(plan->steps.begin(), setup::FinishPackages{});
    } else if (!plan->missing.empty()) {
        if (auto sound = check_finished(host->packages); !sound) {
            return std::move(sound).error();
        }
    }
    // With a dpkg in the middle of something, apt cannot tell.
    auto price = repairs ? Result<std::optional<setup::Price>>{std::nullopt} : price_of(*host, *plan, runner);
    if (!price) {
        return std::move(price).error();
    }
    if (!*price && !repairs && !plan->missing.empty() && host->distribution.tier != setup::Tier::third) {
        plan->notes.push_back(as_typed(
            fmt::format(
                "the price is known once the package lists are fetched, which apply does first; to see it now: {}",
                setup::updater(host->distribution)),
            arguments));
    }
    return Outlook{std::move(*host), {chosen, std::move(*plan), std::move(*price), wishes->user}};
}

cli::ExitCode print(const Outlook& outlook, const cli::Arguments& arguments, const cli::Console& console)
{
    const Planned& planned = outlook.planned;
    if (arguments.has("json")) {
        print_record(console, outlook.host, planned);
    } else {
        console.out << title(outlook.host) << '\n';
        print_plan(console, planned.plan, planned.price);
    }
    return planned.plan.steps.empty() ? cli::ExitCode::ok : cli::ExitCode::no;
}

/// Who applies a saved plan gets the packages that were looked at, and no others.
Result<void> check_price_is_known(const Outlook& outlook)
{
    if (outlook.planned.price || outlook.planned.plan.missing.empty()) {
        return {};
    }
    const std::string refused = "refused to save plan: which packages it would bring is not known until ";
    if (is_unfinished(outlook.host.packages)) {
        return Error{ErrorCode::refused,
                     refused + "dpkg has finished what it began",
                     "dpkg --configure -a; then run this again, or apply it unsaved"};
    }
    return Error{ErrorCode::refused,
                 refused + "the package lists are fetched",
                 fmt::format("{}; then run this again", setup::updater(outlook.host.distribution))};
}

Result<cli::ExitCode> save_plan(const Root& root,
                                const cli::Arguments& arguments,
                                const Chosen& chosen,
                                const cli::Console& console)
{
    if (auto allowed = check_may_save(root); !allowed) {
        return std::move(allowed).error();
    }
    // First of all: what changes while the plan is made shows when it is applied.
    auto watched = setup::look_at_watched_files(root);
    const auto outlook = look_ahead(root, arguments, chosen);
    if (!outlook) {
        return outlook.error();
    }
    if (auto known = check_price_is_known(*outlook); !known) {
        return std::move(known).error();
    }
    const auto file = arguments.text("output");
    const auto plan = plan_to_save(arguments, outlook->host, outlook->planned, std::move(watched));
    if (auto saved = save(plan, file); !saved) {
        return std::move(saved).error();
    }
    const auto code = print(*outlook, arguments, console);
    console.note(fmt::format("saved; to make just this: host-setup apply --plan {}", file));
    return code;
}

}  // namespace

Result<cli::ExitCode> show_plan(const Root& root,
                                const cli::Arguments& arguments,
                                const Chosen& chosen,
                                const cli::Console& console)
{
    const auto outlook = look_ahead(root, arguments, chosen);
    return outlook ? Result<cli::ExitCode>{print(*outlook, arguments, console)} : outlook.error();
}

void declare_plan(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    add("root", cli::po::value<std::string>()->value_name("DIR"), "plan for an image or a recorded host instead");
    add("output,o",
        cli::po::value<std::string>()->value_name("FILE"),
        "save the plan, with all that it depends on, for apply --plan FILE");
    declare_profile(add);
    declare_from(add);
    declare_repair(add);
    declare_removals(add);
    declare_mirror_choice(add);
    declare_wishes(add);
}

Result<cli::ExitCode> run_plan(const cli::Arguments& arguments, cli::Console& console)
{
    const auto root = Root::open(arguments.maybe("root").value_or("/"));
    const auto chosen = root ? chosen_of(arguments) : root.error();
    if (!chosen) {
        return chosen.error();
    }
    const auto file = arguments.maybe("output");
    return file ? save_plan(*root, arguments, *chosen, console) : show_plan(*root, arguments, *chosen, console);
}

}  // namespace kvmkit::host_setup
