// SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include "apply.hpp"
#include "commands.hpp"
#include "components.hpp"
#include "render.hpp"
#include "system/runner.hpp"

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
                {"components", components_record(planned.components)},
                {"missing", std::move(missing)},
                {"steps", steps_record(planned.plan.steps)},
                {"price", price_record(planned.price)},
                {"service", service_record(host.service)},
                {"device", device_record(host.device)},
                {"notes", planned.plan.notes}});
}

/// The mirror's steps come first. Nothing is fetched for a plan: whether it serves is proved when it is done.
Result<void> add_mirror(const Root& root, const setup::Host& host, const cli::Arguments& arguments, setup::Plan& plan)
{
    const auto chosen = components_of(arguments);
    const auto order = mirror_order(arguments, chosen->components);
    if (!order) {
        return order.error();
    }
    if (!*order) {
        return {};
    }
    auto mirror = setup::plan_mirror(root, host, **order);
    if (!mirror) {
        return std::move(mirror).error();
    }
    plan.steps.insert(plan.steps.begin(), mirror->steps.begin(), mirror->steps.end());
    plan.notes.insert(plan.notes.begin(), mirror->notes.begin(), mirror->notes.end());
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

void declare_repair(cli::po::options_description_easy_init& add)
{
    add("repair", "first finish what an interrupted dpkg began");
}

Result<cli::ExitCode> show_plan(const Root& root, const cli::Arguments& arguments, const cli::Console& console)
{
    const auto chosen = components_of(arguments);
    if (!chosen) {
        return chosen.error();
    }
    SystemRunner runner;
    const auto host =
        setup::observe(root, runner, setup::wanted_of(chosen->components, chosen->tutorial, shipped_packages()));
    if (!host) {
        return host.error();
    }
    auto plan = make_plan(*host, chosen->components);
    if (!plan) {
        return plan.error();
    }
    if (auto added = add_mirror(root, *host, arguments, *plan); !added) {
        return added.error();
    }
    const bool repairs = arguments.has("repair") && is_unfinished(host->packages);
    if (repairs) {
        plan->steps.insert(plan->steps.begin(), setup::FinishPackages{});
    } else if (!plan->missing.empty()) {
        if (auto sound = check_finished(host->packages); !sound) {
            return sound.error();
        }
    }
    // With a dpkg in the middle of something, apt cannot tell.
    auto price = repairs ? Result<std::optional<setup::Price>>{std::nullopt} : price_of(*host, *plan, runner);
    if (!price) {
        return price.error();
    }
    const Planned planned{chosen->components, std::move(*plan), std::move(*price)};
    if (arguments.has("json")) {
        print_record(console, *host, planned);
    } else {
        console.out << title(*host) << '\n';
        print_plan(console, planned.plan, planned.price);
    }
    return planned.plan.steps.empty() ? cli::ExitCode::ok : cli::ExitCode::no;
}

void declare_plan(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    add("root", cli::po::value<std::string>()->value_name("DIR"), "plan for an image or a recorded host instead");
    declare_profile(add);
    declare_repair(add);
    declare_mirror_choice(add);
}

Result<cli::ExitCode> run_plan(const cli::Arguments& arguments, cli::Console& console)
{
    const auto root = Root::open(arguments.maybe("root").value_or("/"));
    return root ? show_plan(*root, arguments, console) : root.error();
}

}  // namespace kvmkit::host_setup
