// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "net/owner/cloud_init.hpp"
#include "net/owner/detect.hpp"
#include "session.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

using cli::Json;

/// A link and who looks after it.
struct Owned {
    const net::Link* link = nullptr;
    std::vector<net::Claim> claims;
};

Result<std::vector<const net::Link*>> chosen(const net::Network& network, const std::vector<std::string>& names)
{
    if (!names.empty()) {
        return named_links(network, names, "find the owner of");
    }
    std::vector<const net::Link*> links;
    links.reserve(network.links.size());
    for (const net::Link& link : network.links) {
        if (!link.loopback && !link.is_tap()) {
            links.push_back(&link);
        }
    }
    return links;
}

Json record_of(const std::vector<Owned>& all, const std::optional<net::CloudInit>& cloud)
{
    auto links = Json::array();
    for (const Owned& one : all) {
        auto evidence = Json::array();
        for (const net::Claim& claim : one.claims) {
            evidence.push_back({{"manager", net::word(claim.manager)}, {"file", claim.file}, {"text", claim.evidence}});
        }
        links.push_back({{"name", one.link->name.str()},
                         {"owner", net::word(net::owner_by(one.claims))},
                         {"evidence", std::move(evidence)}});
    }
    return {{"schema", cli::schema_name("net-setup", "owner")},
            {"links", std::move(links)},
            {"cloud_init", cloud ? Json(cloud->evidence) : Json()}};
}

void print_table(const std::vector<Owned>& all, std::ostream& out)
{
    out << fmt::format("{:<15}  {:<9}  {}\n", "NAME", "OWNER", "EVIDENCE");
    for (const Owned& one : all) {
        if (one.claims.empty()) {
            out << fmt::format("{:<15}  {:<9}  -\n", one.link->name.str(), "none");
        }
        for (const net::Claim& claim : one.claims) {
            const bool first = &claim == &one.claims.front();
            out << fmt::format("{:<15}  {:<9}  {}: {}\n",
                               first ? one.link->name.str() : "",
                               net::word(claim.manager),
                               claim.file,
                               claim.evidence);
        }
    }
}

}  // namespace

void declare_owner(cli::po::options_description_easy_init add)
{
    add("json", "print one JSON record");
}

Result<cli::ExitCode> owner(const cli::Arguments& arguments, cli::Console& console)
{
    auto session = open_session(arguments);
    if (!session) {
        return session.error();
    }
    const auto root = Root::open("/");
    const auto network = session->route.observe();
    if (!root || !network) {
        return !root ? root.error() : network.error();
    }
    const auto links = chosen(*network, arguments.operands());
    if (!links) {
        return links.error();
    }
    std::vector<Owned> all;
    all.reserve(links->size());
    for (const net::Link* link : *links) {
        all.push_back({link, net::claims_on(*link, *root)});
    }
    const auto cloud = net::cloud_init(*root);
    if (arguments.has("json")) {
        cli::print_json(console, record_of(all, cloud));
        return cli::ExitCode::ok;
    }
    print_table(all, console.out);
    if (cloud) {
        console.note(fmt::format("cloud-init may write network settings again: {}", cloud->evidence));
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::net_setup
