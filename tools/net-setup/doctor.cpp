// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/doctor.hpp"

#include "commands.hpp"
#include "net/doctor/lasting.hpp"
#include "net/doctor/read_facts.hpp"
#include "net/owner/detect.hpp"
#include "net/owner/dhcp_clients.hpp"
#include "net/proof/proof.hpp"
#include "probe/forward_policy.hpp"
#include "session.hpp"
#include "surroundings.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

using cli::Json;

constexpr std::chrono::seconds patience{5};

/// Services filter in the network namespace of process 1.
bool is_namespace_of_services(const Root& root)
{
    const auto space = root.link_target("proc/1/ns/net");
    return space && *space && **space == net::own_network_namespace();
}

void ask_firewall(net::DoctorFacts& facts)
{
    const auto root = Root::open("/");
    if (!root || net::filtered_bridges(facts).empty()) {
        return;
    }
    SystemRunner runner;
    facts.forward_policy = ask_forward_policy(*root, runner, Deadline::after(patience), IpFamily::v4);
    if (is_namespace_of_services(*root)) {
        const auto state = runner.run({.argv = {"firewall-cmd", "--state"}, .timeout = patience});
        facts.firewalld_runs = state && state->status == 0;
    }
}

/// Claims are those on the links of the namespace that managers work in.
void ask_owners(net::DoctorFacts& facts)
{
    const auto root = Root::open("/");
    if (!root || !is_namespace_of_services(*root)) {
        return;
    }
    for (const net::Link& link : facts.network.links) {
        auto claims = link.loopback || link.is_tap() ? std::vector<net::Claim>{} : net::claims_on(link, *root);
        if (!claims.empty() || (link.kind.empty() && link.ethernet)) {
            facts.owners.push_back({link.name, std::move(claims)});
        }
    }
    facts.until_boot = net::links_until_boot(facts.network, facts.owners, *root);
}

/// An ssh session counts where its socket is: another namespace may have the same addresses.
void ask_operator(net::DoctorFacts& facts)
{
    const auto connection = ssh_connection();
    if (net::is_open_here(connection)) {
        facts.operator_at = net::read_operator(connection);
    }
}

Result<std::vector<int>> chosen(const net::Network& network, const std::vector<std::string>& names)
{
    std::vector<int> indexes;
    const auto links = named_links(network, names, "examine");
    if (!links) {
        return links.error();
    }
    std::ranges::transform(*links, std::back_inserter(indexes), &net::Link::index);
    return indexes;
}

/// Those asked for, or every one that a cable or its like may bring BPDUs on.
std::vector<int> listening_links(const net::Network& network, const std::vector<int>& asked)
{
    std::vector<int> indexes;
    for (const net::Link& link : network.links) {
        const bool wanted =
            asked.empty() ? !link.is_bridge() && !link.is_tap() : std::ranges::find(asked, link.index) != asked.end();
        if (link.up && link.ethernet && wanted) {
            indexes.push_back(link.index);
        }
    }
    return indexes;
}

Result<net::DoctorFacts> gather(net::Network network,
                                const std::vector<int>& asked,
                                std::optional<std::chrono::seconds> listen,
                                const cli::Console& console)
{
    auto facts = net::read_facts(std::move(network));
    ask_firewall(facts);
    ask_owners(facts);
    ask_operator(facts);
    if (listen) {
        console.progress(fmt::format("listening for BPDUs, {} s", listen->count()));
        auto heard = net::listen_for_bpdus(listening_links(facts.network, asked), *listen);
        console.end_progress();
        if (!heard) {
            return heard.error();
        }
        facts.bpdus = std::move(*heard);
    }
    return facts;
}

/// Those about one of the links asked for; all if none was.
void keep(std::vector<net::Finding>& findings, const net::Network& network, const std::vector<int>& asked)
{
    std::vector<std::string> names;
    std::ranges::transform(asked, std::back_inserter(names), [&network](int index) {
        const net::Link* link = net::find(network, index);
        return link != nullptr ? link->name.str() : std::string{};
    });
    const auto is_about = [&names](const net::Finding& finding) {
        return std::ranges::any_of(
            finding.links, [&names](const std::string& link) { return std::ranges::find(names, link) != names.end(); });
    };
    if (!names.empty()) {
        std::erase_if(findings, [&](const net::Finding& finding) { return !is_about(finding); });
    }
}

/// In another namespace the commands are to be run there; no boot makes it again.
void move_commands(std::vector<net::Finding>& findings, const std::string& space)
{
    if (space.empty()) {
        return;
    }
    const auto prefix = shell_line({"ip", "netns", "exec", space}) + " ";
    for (net::Finding& finding : findings) {
        for (std::string& command : finding.commands) {
            command.insert(0, prefix);
        }
        finding.keep.clear();
    }
}

std::size_t count(const std::vector<net::Finding>& findings, net::Gravity gravity)
{
    return static_cast<std::size_t>(std::ranges::count(findings, gravity, &net::Finding::gravity));
}

bool is_wrong(const std::vector<net::Finding>& findings)
{
    return count(findings, net::Gravity::fault) + count(findings, net::Gravity::risk) != 0;
}

std::string_view verdict_of(const std::vector<net::Finding>& findings)
{
    if (is_wrong(findings)) {
        return "wrong";
    }
    return count(findings, net::Gravity::unknown) != 0 ? "unknown" : "ok";
}

cli::ExitCode exit_code_of(const std::vector<net::Finding>& findings)
{
    if (is_wrong(findings)) {
        return cli::ExitCode::no;
    }
    return count(findings, net::Gravity::unknown) != 0 ? cli::ExitCode::failed : cli::ExitCode::ok;
}

void print_record(const std::vector<net::Finding>& findings,
                  const std::string& space,
                  std::optional<std::chrono::seconds> listen,
                  const cli::Console& console)
{
    auto records = Json::array();
    for (const net::Finding& finding : findings) {
        records.push_back({{"id", finding.id},
                           {"gravity", net::word_of(finding.gravity)},
                           {"links", finding.links},
                           {"message", finding.message},
                           {"why", finding.why},
                           {"commands", finding.commands},
                           {"keep", finding.keep}});
    }
    cli::print_json(console,
                    {{"schema", cli::schema_name("net-setup", "doctor")},
                     {"netns", space.empty() ? Json() : Json(space)},
                     {"listened_seconds", listen ? Json(listen->count()) : Json()},
                     {"verdict", verdict_of(findings)},
                     {"findings", records}});
}

std::string painted(const net::Finding& finding, bool colour)
{
    auto word = fmt::format("{:<8}", net::word_of(finding.gravity));
    switch (finding.gravity) {
        case net::Gravity::fault: return cli::paint(word, cli::Colour::red, colour);
        case net::Gravity::risk:
        case net::Gravity::unknown: return cli::paint(word, cli::Colour::yellow, colour);
        case net::Gravity::note: break;
    }
    return word;
}

void print_text(const std::vector<net::Finding>& findings, const cli::Console& console)
{
    for (const net::Finding& finding : findings) {
        console.out << painted(finding, console.out_colour) << finding.message << '\n';
        console.out << "        " << finding.why << '\n';
        for (const std::string& command : finding.commands) {
            console.out << "        mend: " << command << '\n';
        }
        for (const std::string& command : finding.keep) {
            console.out << "        keep: " << command << '\n';
        }
    }
    const auto verdict = verdict_of(findings);
    if (verdict == "ok") {
        console.out << "nothing is wrong\n";
        return;
    }
    console.out << fmt::format("faults: {}, risks: {}, could not tell: {}, notes: {}\n",
                               count(findings, net::Gravity::fault),
                               count(findings, net::Gravity::risk),
                               count(findings, net::Gravity::unknown),
                               count(findings, net::Gravity::note));
}

}  // namespace

void declare_doctor(cli::po::options_description_easy_init add)
{
    declare_place(add);
    add("json", "print one JSON record");
    add("listen",
        cli::po::value<std::string>()->value_name("SECONDS"),
        "listen that long for a spanning tree on the links (root)");
}

Result<cli::ExitCode> doctor(const cli::Arguments& arguments, cli::Console& console)
{
    const auto listen = listening_time(arguments);
    if (!listen) {
        return listen.error();
    }
    auto session = open_session(arguments);
    if (!session) {
        return session.error();
    }
    auto network = session->route.observe();
    if (!network) {
        return network.error();
    }
    const auto asked = chosen(*network, arguments.operands());
    if (!asked) {
        return asked.error();
    }
    const auto facts = gather(std::move(*network), *asked, *listen, console);
    if (!facts) {
        return facts.error();
    }
    auto findings = net::examine(*facts);
    keep(findings, facts->network, *asked);
    move_commands(findings, session->here.name);
    if (arguments.has("json")) {
        print_record(findings, session->here.name, *listen, console);
    } else {
        print_text(findings, console);
    }
    return exit_code_of(findings);
}

}  // namespace kvmkit::net_setup
