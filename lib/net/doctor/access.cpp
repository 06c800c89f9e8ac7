// SPDX-License-Identifier: Apache-2.0
// Who looks after the network, and which way the operator comes in.
#include "net/doctor/doctor.hpp"
#include "net/doctor/lasting.hpp"
#include "net/doctor/words.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr unsigned deepest = 8;

/// netplan speaks through a daemon, ifupdown2 takes ifupdown's place: these are no rivals.
std::set<Manager> rivals(const std::vector<Claim>& claims)
{
    std::set<Manager> managers;
    for (const Claim& claim : claims) {
        managers.insert(claim.manager == Manager::ifupdown2 ? Manager::ifupdown : claim.manager);
    }
    if (managers.contains(Manager::netplan)) {
        managers.erase(Manager::networkd);
        managers.erase(Manager::network_manager);
    }
    managers.erase(Manager::none);
    return managers;
}

std::string evidence(const Claim& claim)
{
    return fmt::format("{}: {}", claim.file, claim.evidence);
}

void owners(const DoctorFacts& facts, std::vector<Finding>& found)
{
    std::map<Manager, std::vector<const Ownership*>> by_manager;
    for (const Ownership& one : facts.owners) {
        by_manager[owner_by(one.claims)].push_back(&one);
    }
    for (const auto& [manager, ownerships] : by_manager) {
        Finding finding{.id = "host.owner"};
        for (const Ownership* one : ownerships) {
            finding.links.push_back(one->link.str());
        }
        const auto names = fmt::format("{}", fmt::join(finding.links, ", "));
        if (manager == Manager::none) {
            finding.message =
                fmt::format("nobody gives {} {} settings at boot", names, ownerships.size() == 1 ? "its" : "their");
            finding.why = "what is set by hand lasts until the next boot; kept, it is there again after it";
            std::ranges::transform(finding.links, std::back_inserter(finding.keep), keep_link);
        } else {
            finding.message = fmt::format("{} gives {} {} settings at boot ({})",
                                          full_name(manager),
                                          names,
                                          ownerships.size() == 1 ? "its" : "their",
                                          evidence(ownerships.front()->claims.front()));
            finding.why =
                "what is set by hand lasts until it takes its files up again; 'net-setup persist LINK' writes them";
        }
        found.push_back(std::move(finding));
    }
}

void until_boot(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for (const LinkName& name : facts.until_boot) {
        found.push_back({.id = "link.until-boot",
                         .links = {name.str()},
                         .message = fmt::format("{} lives until the next boot: nobody makes it again", name.str()),
                         .why = "what stands on it, as the ports of VMs, is without a network after that",
                         .keep = {keep_link(name.str())}});
    }
}

void two_owners(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for (const Ownership& one : facts.owners) {
        const auto managers = rivals(one.claims);
        if (managers.size() < 2) {
            continue;
        }
        std::vector<std::string> evidences;
        std::vector<std::string_view> names;
        names.reserve(managers.size());
        evidences.reserve(one.claims.size());
        for (const Manager manager : managers) {
            names.push_back(full_name(manager));
        }
        for (const Claim& claim : one.claims) {
            evidences.push_back(evidence(claim));
        }
        found.push_back(
            {"host.two-owners",
             Gravity::risk,
             {one.link.str()},
             fmt::format(
                 "{} is claimed by {} ({})", one.link.str(), fmt::join(names, " and "), fmt::join(evidences, "; ")),
             "each gives the link its own settings: which of them stand is a matter of who comes last. "
             "Take the link out of the files of all but one",
             {}});
    }
}

/// The link that has the address, to which the operator talks; null: none.
const Link* holder_of(const Network& network, const IpAddress& wanted)
{
    for (const Link& link : network.links) {
        const bool has = std::ranges::any_of(link.addresses, [&wanted](const InterfaceAddress& address) {
            return address.family() == wanted.family() && address.bytes() == wanted.bytes();
        });
        if (has) {
            return &link;
        }
    }
    return nullptr;
}

/// The link by which answers leave: that of the longest matching prefix of table main; null: none.
const Link* way_to(const Network& network, const IpAddress& peer)
{
    const Link* best = nullptr;
    int longest = -1;
    const auto offer = [&](const Prefix& prefix, const Link* link) {
        const int length = static_cast<int>(prefix.length());
        if (link != nullptr && link->up && prefix.contains(peer) && length > longest) {
            best = link;
            longest = length;
        }
    };
    for (const Link& link : network.links) {
        for (const InterfaceAddress& address : link.addresses) {
            offer(Prefix{address}, &link);
        }
    }
    for (const Route& route : network.routes) {
        if (route.type == RTN_UNICAST && route.table == RT_TABLE_MAIN) {
            offer(route.destination, find(network, route.link));
        }
    }
    return best;
}

/// What a link stands on, from its top to the cable: ports of a bridge or bond that are no VMs', the link below a VLAN.
void collect_below(const Network& network, const Link& link, std::vector<const Link*>& below, unsigned depth = 0)
{
    const int lower = link.kind == "veth" ? 0 : link_below(link);
    for (const Link& other : network.links) {
        const bool carries = other.index == lower || (other.master == link.index && !other.is_tap());
        if (carries && depth < deepest && std::ranges::find(below, &other) == below.end()) {
            below.push_back(&other);
            collect_below(network, other, below, depth + 1);
        }
    }
}

void ssh_path(const DoctorFacts& facts, std::vector<Finding>& found)
{
    const Link* holder = facts.operator_at ? holder_of(facts.network, facts.operator_at->local) : nullptr;
    if (holder == nullptr) {
        return;
    }
    const Link* way = way_to(facts.network, facts.operator_at->peer);
    const Link* carrier = way != nullptr && !way->loopback ? way : holder;
    std::vector<const Link*> links{carrier};
    collect_below(facts.network, *carrier, links);
    auto names = names_of(links);
    Finding finding{.id = "host.ssh-path",
                    .links = names,
                    .message = fmt::format(
                        "your ssh session from {} is carried by {}{}",
                        facts.operator_at->peer.str(),
                        links.front()->name.str(),
                        names.size() > 1 ? fmt::format(", over {}", fmt::join(names.begin() + 1, names.end(), ", "))
                                         : std::string{}),
                    .why = "a change of these links may cut you off: net-setup makes it on trial (--confirm)"};
    if (carrier != holder) {
        finding.message += fmt::format("; its address {} is on {}", facts.operator_at->local.str(), holder->name.str());
        finding.links.push_back(holder->name.str());
    }
    found.push_back(std::move(finding));
}

constexpr std::array<Examine, 4> rows{two_owners, owners, until_boot, ssh_path};

}  // namespace

std::span<const Examine> access_examinations() noexcept
{
    return rows;
}

}  // namespace kvmkit::net
