// SPDX-License-Identifier: Apache-2.0
#include "apply.hpp"
#include "commands.hpp"
#include "image.hpp"
#include "look.hpp"
#include "render.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

using cli::Json;

Json capability_record(const setup::Host& host, const setup::Need& need)
{
    const auto* package = met_by(host.packages, need);
    const auto candidate = host.candidates.find(need.package);
    return {{"capability", need.capability},
            {"title", need.title},
            {"package", need.package},
            {"met_by", package != nullptr ? Json(package->name) : Json()},
            {"version", package != nullptr ? Json(package->version) : Json()},
            {"candidate", candidate != host.candidates.end() ? Json(candidate->second) : Json()}};
}

void print_record(const cli::Console& console, const setup::Host& host, const setup::Plan& plan)
{
    Json capabilities = Json::array();
    for (const auto& need : host.needs) {
        capabilities.push_back(capability_record(host, need));
    }
    print_json(console,
               {{"schema", cli::schema_name("host-setup", "status")},
                {"host", host_record(host)},
                {"complete", plan.steps.empty()},
                {"capabilities", std::move(capabilities)},
                {"service", service_record(host.service)},
                {"device", device_record(host.device)},
                {"network", network_record(host.network)},
                {"notes", plan.notes}});
}

void print_line(const cli::Console& console, bool good, const std::string& text)
{
    const auto mark = good ? paint("ok     ", cli::Colour::green, console.out_colour)
                           : paint("missing", cli::Colour::red, console.out_colour);
    console.out << "  " << mark << "  " << text << '\n';
}

std::string device_text(const setup::KvmDevice& device)
{
    if (!device.present) {
        return "/dev/kvm";
    }
    return fmt::format("/dev/kvm {} group kvm (mode {:04o}, group {})",
                       device.open_to_group() ? "is open to" : "is closed to",
                       device.mode,
                       device.owner_group);
}

/// Nothing where it cannot be told, or where somebody took the network away.
void print_network(const cli::Console& console, const setup::NetworkSurroundings& surroundings)
{
    if (!surroundings.network || !*surroundings.network) {
        return;
    }
    const auto& network = **surroundings.network;
    print_line(console,
               network.active,
               fmt::format("{:<32}  {} on {}{}",
                           "libvirt's network 'default'",
                           to_text(network.range),
                           network.bridge,
                           network.active ? "" : ", not started"));
}

void print_text(const cli::Console& console, const setup::Host& host, const setup::Plan& plan, const std::string& mend)
{
    console.out << title(host) << '\n';
    for (const auto& need : host.needs) {
        const auto* package = met_by(host.packages, need);
        const auto what = package != nullptr ? fmt::format("{} {}", package->name, package->version) : need.package;
        print_line(console, package != nullptr, fmt::format("{:<32}  {}", need.title, what));
    }
    if (host.live) {
        print_line(
            console,
            host.service.daemon == setup::Daemon::running,
            fmt::format(
                "{:<32}  {} (service manager: {})", "libvirtd", word(host.service.daemon), word(host.service.manager)));
        print_line(console, host.device.open_to_group(), device_text(host.device));
        print_network(console, host.network);
    }
    print_notes(console, plan.notes);
    console.out << (plan.steps.empty() ? "nothing to do" : mend) << '\n';
}

}  // namespace

void declare_status(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record");
    add("root", cli::po::value<std::string>()->value_name("DIR"), "look at an image or a recorded host instead");
}

Result<cli::ExitCode> run_status(const cli::Arguments& arguments, cli::Console& console)
{
    const auto root = Root::open(arguments.maybe("root").value_or("/"));
    if (!root) {
        return root.error();
    }
    SystemRunner runner;
    const auto host = look_at(*root, runner, {}, {.catalogue = shipped_packages()});
    if (!host) {
        return host.error();
    }
    auto plan = make_plan(*host, *setup::parse_components({}));
    if (!plan && plan.error().code != ErrorCode::refused) {
        return plan.error();
    }
    if (!plan) {  // what the administrator forbade is part of the state
        auto rest = make_plan(*host, {setup::Component::hypervisor, setup::Component::modules});
        rest->notes.push_back(plan.error().message);
        plan = std::move(rest);
    }
    as_typed(plan->notes, arguments);
    const auto mend = as_typed("to mend it: host-setup plan, then host-setup apply", arguments);
    arguments.has("json") ? print_record(console, *host, *plan) : print_text(console, *host, *plan, mend);
    return plan->steps.empty() ? cli::ExitCode::ok : cli::ExitCode::no;
}

}  // namespace kvmkit::host_setup
