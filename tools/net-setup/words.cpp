// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include "history/history.hpp"
#include "keeping.hpp"
#include "net/history.hpp"
#include "net/namespace.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/planner/hazards.hpp"

#include <algorithm>

namespace kvmkit::net_setup {
namespace {

net::Network network_of(const cli::Given& given)
{
    if (const auto name = given.option("netns"); name && !net::enter_namespace(*name)) {
        return {};
    }
    auto route = net::RouteSocket::open();
    auto network = route ? route->observe() : route.error();
    return network ? *std::move(network) : net::Network{};
}

std::string meaning_of(const net::Network& network, const net::Link& link)
{
    const auto* master = link.master != 0 ? find(network, link.master) : nullptr;
    const std::string kind = link.kind.empty() ? "card" : link.is_tap() ? "tap" : link.kind;
    return master != nullptr ? kind + ", port of " + master->name.str() : kind;
}

cli::Candidates links_that(const cli::Given& given, bool (*fits)(const net::Link&))
{
    const auto network = network_of(given);
    cli::Candidates candidates;
    for (const net::Link& link : network.links) {
        const bool there = std::ranges::find(given.operands, link.name.str()) != given.operands.end();
        if (!link.loopback && !there && fits(link)) {
            candidates.push_back({link.name.str(), meaning_of(network, link)});
        }
    }
    return candidates;
}

}  // namespace

cli::Candidates all_links(const cli::Given& given)
{
    return links_that(given, [](const net::Link&) { return true; });
}

cli::Candidates bridges(const cli::Given& given)
{
    return links_that(given, [](const net::Link& link) { return link.is_bridge(); });
}

cli::Candidates bridge_ports(const cli::Given& given)
{
    return links_that(given, [](const net::Link& link) { return link.master != 0; });
}

cli::Candidates free_links(const cli::Given& given)
{
    return links_that(given,
                      [](const net::Link& link) { return link.ethernet && link.master == 0 && !link.is_bridge(); });
}

cli::Candidates cards(const cli::Given& given)
{
    return links_that(given,
                      [](const net::Link& link) { return link.ethernet && !link.is_bridge() && !link.is_tap(); });
}

cli::Candidates vlan_links(const cli::Given& given)
{
    return links_that(given, [](const net::Link& link) { return link.kind == "vlan"; });
}

cli::Candidates namespaces(const cli::Given& /*given*/)
{
    const auto root = Root::open("/");
    const auto names = root ? root->names("run/netns") : root.error();
    return names && *names ? cli::candidates_of(**names) : cli::Candidates{};
}

cli::Candidates managers_of_files(const cli::Given& /*given*/)
{
    return cli::candidates_of(manager_words());
}

cli::Candidates hazards(const cli::Given& /*given*/)
{
    auto candidates = cli::candidates_of(net::hazard_names());
    candidates.push_back({"all"});
    return candidates;
}

cli::Candidates transactions(const cli::Given& /*given*/)
{
    const auto inventory = net::history(txn::default_places());
    return inventory ? history::candidates(*inventory) : cli::Candidates{};
}

}  // namespace kvmkit::net_setup
