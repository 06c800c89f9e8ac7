// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "net/owner/dhcp_clients.hpp"
#include "net/planner/difference.hpp"
#include "net/planner/state_plan.hpp"
#include "net/resolver/resolver.hpp"
#include "net/state/load.hpp"
#include "session.hpp"
#include "surroundings.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

/// A state file, and what the links made for it are known by.
struct Wish {
    net::StateFile file;
    net::Birthmark birthmark;
    bool here = true;  ///< In the network namespace that /etc/resolv.conf belongs to.
};

Result<Wish> read_wish(const cli::Arguments& arguments)
{
    auto file = net::load_state_file(arguments.operands().front());
    auto birthmark = net::new_birthmark();
    if (!file || !birthmark) {
        return !file ? std::move(file).error() : std::move(birthmark).error();
    }
    return Wish{std::move(*file), *birthmark, !arguments.has("netns")};
}

Error located(const Wish& wish, Error error, const net::KeyPath& path)
{
    error.message = net::pointed_at(wish.file, path, error.message);
    return error;
}

/// Of the links that the file wants leases of, and of their ports, those that have a DHCP client: each takes a look at
/// all processes.
std::vector<net::LinkName> dhcp_links(const net::DesiredNetwork& wanted, const net::Network& network)
{
    std::set<net::LinkName> asked;
    for (const net::DesiredInterface& one : wanted.interfaces) {
        if (one.ipv4.dhcp == true || one.ipv6.dhcp == true) {
            asked.insert(one.name);
            const auto ports = one.ports.value_or(std::vector<net::DesiredPort>{});
            std::ranges::transform(ports, std::inserter(asked, asked.end()), &net::DesiredPort::name);
        }
    }
    const net::DhcpPlaces places{.own_namespace = asked.empty() ? "" : net::own_network_namespace()};
    std::vector<net::LinkName> names;
    std::ranges::copy_if(asked, std::back_inserter(names), [&](const net::LinkName& name) {
        const net::Link* link = net::find(network, name);
        return link != nullptr && !net::dhcp_clients_of(name, link->index, places).empty();
    });
    return names;
}

Result<net::Plan> planned(const Wish& wish, const net::Network& network)
{
    std::optional<net::ResolverState> resolver;
    if (wish.file.wanted.resolver && wish.here) {
        const auto root = Root::open("/");
        if (!root) {
            return root.error();
        }
        resolver = net::read_resolver(*root);
    }
    auto drafted = net::plan_state(
        network,
        wish.file.wanted,
        wish.birthmark,
        {.resolver = resolver ? &*resolver : nullptr, .dhcp_links = dhcp_links(wish.file.wanted, network)});
    if (drafted.complaint) {
        return located(wish, std::move(drafted.complaint->error), drafted.complaint->at);
    }
    return std::move(drafted.plan);
}

/// The links that the file wants to be there.
std::vector<net::LinkName> links_in(const Wish& wish)
{
    std::vector<net::LinkName> names;
    for (const net::DesiredInterface& one : wish.file.wanted.interfaces) {
        if (one.state == net::DesiredState::up) {
            names.push_back(one.name);
        }
    }
    return names;
}

/// What a file asks for beyond the network as it is.
struct Outlook {
    net::StateFile file;
    net::Network network;
    net::Plan plan;
};

Result<Outlook> look_ahead(const cli::Arguments& arguments)
{
    auto wish = read_wish(arguments);
    if (!wish) {
        return std::move(wish).error();
    }
    auto session = open_session(arguments);
    if (!session) {
        return std::move(session).error();
    }
    auto network = session->route.observe();
    if (!network) {
        return std::move(network).error();
    }
    auto plan = planned(*wish, *network);
    if (!plan) {
        return std::move(plan).error();
    }
    return Outlook{std::move(wish->file), std::move(*network), std::move(*plan)};
}

/// What apply would say instead of doing it; absent: nothing.
Result<std::optional<net::Hazard>> refusal(const Outlook& outlook, const cli::Arguments& arguments)
{
    const auto caution = read_caution(arguments);
    if (!caution) {
        return caution.error();
    }
    auto hazard = (*caution)(outlook.network, outlook.plan);
    if (hazard && !hazard->origin.empty()) {
        hazard->error.message = net::pointed_at(outlook.file, hazard->origin, hazard->error.message);
    }
    return hazard;
}

cli::ExitCode answer(const net::Plan& plan)
{
    return plan.empty() ? cli::ExitCode::ok : cli::ExitCode::no;
}

void declare_look(cli::po::options_description_easy_init& add)
{
    declare_place(add);
    add("json", "print one JSON record");
}

}  // namespace

void declare_apply(cli::po::options_description_easy_init add)
{
    declare_change(add);
}

Result<cli::ExitCode> apply(const cli::Arguments& arguments, cli::Console& console)
{
    const auto wish = read_wish(arguments);
    if (!wish) {
        return wish.error();
    }
    const ChangeCommand command{
        .name = "apply",
        .about = {{"file", wish->file.name}},
        .planner = [&wish](const net::Network& network) { return planned(*wish, network); },
        .locate = [&wish](Error error, const net::KeyPath& path) { return located(*wish, std::move(error), path); },
        .confirm = for_uplinks(arguments),
        .keeps = links_in(*wish)};
    return run_change_command(command, arguments, console);
}

void declare_plan(cli::po::options_description_easy_init add)
{
    declare_look(add);
    declare_surroundings(add);
}

Result<cli::ExitCode> plan(const cli::Arguments& arguments, cli::Console& console)
{
    const auto outlook = look_ahead(arguments);
    if (!outlook) {
        return outlook.error();
    }
    const auto refused = refusal(*outlook, arguments);
    if (!refused) {
        return refused.error();
    }
    if (arguments.has("json")) {
        cli::print_json(console,
                        {{"schema", cli::schema_name("net-setup", "plan")},
                         {"file", outlook->file.name},
                         {"steps", steps_record(outlook->plan)},
                         {"refused", *refused ? cli::Json((*refused)->error.message) : cli::Json()}});
        return answer(outlook->plan);
    }
    if (outlook->plan.empty()) {
        console.note("nothing to do");
    }
    std::size_t number = 0;
    for (const net::Step& step : outlook->plan) {
        if (net::is_bookkeeping(step.action)) {
            continue;
        }
        console.out << fmt::format("{:>3}. {}\n", ++number, net::describe(step.action));
    }
    if (*refused) {
        console.warn(
            fmt::format("apply refuses this: {}\n  hint: {}", (*refused)->error.message, (*refused)->error.hint));
    }
    return answer(outlook->plan);
}

void declare_diff(cli::po::options_description_easy_init add)
{
    declare_look(add);
}

Result<cli::ExitCode> diff(const cli::Arguments& arguments, cli::Console& console)
{
    const auto outlook = look_ahead(arguments);
    if (!outlook) {
        return outlook.error();
    }
    const auto lines = net::differences(outlook->plan, outlook->network);
    if (arguments.has("json")) {
        cli::print_json(
            console,
            {{"schema", cli::schema_name("net-setup", "diff")}, {"file", outlook->file.name}, {"differences", lines}});
        return answer(outlook->plan);
    }
    for (const std::string& line : lines) {
        console.out << line << '\n';
    }
    return answer(outlook->plan);
}

}  // namespace kvmkit::net_setup
