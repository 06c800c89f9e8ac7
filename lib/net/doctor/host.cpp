// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/doctor.hpp"
#include "net/doctor/lasting.hpp"
#include "net/doctor/words.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr unsigned strict = 1;
constexpr unsigned loose = 2;

/// The links that have an address in each IPv4 network.
std::map<Prefix, std::vector<const Link*>> links_by_network(const Network& network)
{
    std::map<Prefix, std::vector<const Link*>> networks;
    for (const Link& link : network.links) {
        for (const InterfaceAddress& address : link.addresses) {
            if (address.family() != Family::ipv4 || link.loopback || !link.up) {
                continue;
            }
            auto& links = networks[Prefix{address}];
            if (std::ranges::find(links, &link) == links.end()) {
                links.push_back(&link);
            }
        }
    }
    return networks;
}

void reverse_path(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for (const auto& [network, links] : links_by_network(facts.network)) {
        std::vector<const Link*> strict_links;
        for (const Link* link : links) {
            const LinkFacts* own = facts_of(facts, *link);
            const unsigned value = own != nullptr ? own->rp_filter.value_or(0) : 0;
            if (std::max(value, facts.rp_filter_of_all) == strict) {
                strict_links.push_back(link);
            }
        }
        if (links.size() < 2 || strict_links.empty()) {
            continue;
        }
        Finding finding{"host.rp-filter",
                        Gravity::risk,
                        names_of(strict_links),
                        fmt::format("{} have addresses in {}, and rp_filter is strict (1) on {}",
                                    fmt::join(names_of(links), ", "),
                                    network.str(),
                                    fmt::join(names_of(strict_links), ", ")),
                        "packets that come in on another link than answers would leave by are dropped"};
        for (const Link* link : strict_links) {
            const auto setting = fmt::format("net/ipv4/conf/{}/rp_filter", link->name.str());
            finding.commands.push_back(sysctl_command(setting, loose));
            finding.keep.push_back(keep_sysctl(link->name.str() + "-rp_filter", setting, loose));
        }
        found.push_back(std::move(finding));
    }
}

/// VMs on a bridge of the host's own get out only if the host forwards for them.
void forwarding(const DoctorFacts& facts, std::vector<Finding>& found)
{
    const auto leads_out = [](const Link& link) {
        return std::ranges::find(link.routes, "default") != link.routes.end();
    };
    for (const Link& bridge : facts.network.links) {
        if (!bridge.is_bridge() || facts.forwards_ipv4.value_or(true) || leads_out(bridge) ||
            std::ranges::none_of(facts.network.links, leads_out)) {
            continue;
        }
        const auto ports = ports_of(facts.network, bridge);
        const bool only_taps = std::ranges::all_of(ports, &Link::is_tap);
        const bool routes = std::ranges::any_of(
            bridge.addresses, [](const InterfaceAddress& address) { return address.family() == Family::ipv4; });
        if (ports.empty() || !only_taps || !routes) {
            continue;
        }
        found.push_back({"host.ip-forward",
                         Gravity::note,
                         {bridge.name.str()},
                         fmt::format("{} has VMs and no way out but the host, and ip_forward is 0", bridge.name.str()),
                         "these VMs reach the host and each other, nothing else",
                         {sysctl_command("net/ipv4/ip_forward", 1)},
                         {keep_sysctl("ip_forward", "net/ipv4/ip_forward", 1)}});
    }
}

/// A link that brings its own MAC, and does not take over that of the link below.
bool has_mac_of_its_own(const Link& link)
{
    constexpr std::array<std::string_view, 5> kinds{"", "veth", "tun", "dummy", "macvlan"};
    return link.ethernet && link.mac && !link.mac->is_zero() && std::ranges::find(kinds, link.kind) != kinds.end();
}

bool are_in_one_bond(const Network& network, const Link& a, const Link& b)
{
    const Link* master = a.master != 0 && a.master == b.master ? find(network, a.master) : nullptr;
    return master != nullptr && !master->is_bridge();
}

/// The same one, marked as locally administered, with the link's number at its end.
MacAddress another_mac(const Link& link)
{
    constexpr std::uint8_t local = 2;
    auto octets = link.mac->octets();
    octets[0] = static_cast<std::uint8_t>(octets[0] | local);
    octets[4] = static_cast<std::uint8_t>(octets[4] ^ 0xA5U ^ (static_cast<unsigned>(link.index) >> 8U));
    octets[5] = static_cast<std::uint8_t>(octets[5] ^ static_cast<unsigned>(link.index));
    return MacAddress{octets};
}

void same_mac(const DoctorFacts& facts, std::vector<Finding>& found)
{
    std::map<MacAddress, const Link*> first;
    for (const Link& link : facts.network.links) {
        if (!link.up || !has_mac_of_its_own(link)) {
            continue;
        }
        const auto [other, is_new] = first.emplace(*link.mac, &link);
        if (is_new || are_in_one_bond(facts.network, link, *other->second)) {
            continue;
        }
        const std::string& name = link.name.str();
        const auto another = another_mac(link).str();
        found.push_back(
            {"link.same-mac",
             Gravity::risk,
             {other->second->name.str(), link.name.str()},
             fmt::format("{} and {} have the same MAC {}", other->second->name.str(), link.name.str(), link.mac->str()),
             "in one LAN, bridges and switches send each one's packets to the other in turns",
             {command({"ip", "link", "set", name, "address", another})},
             keep_by_udev(name + "-mac", name, {"/usr/sbin/ip", "link", "set", name, "address", another})});
    }
}

void same_address(const DoctorFacts& facts, std::vector<Finding>& found)
{
    std::map<std::string, const Link*> first;
    for (const Link& link : facts.network.links) {
        if (link.loopback || link.master != 0) {
            continue;
        }
        for (const InterfaceAddress& address : host_addresses(link)) {
            const std::string bare = address.str().substr(0, address.str().find('/'));
            const auto [other, is_new] = first.emplace(bare, &link);
            if (is_new || other->second == &link) {
                continue;
            }
            found.push_back(
                {"link.same-address",
                 Gravity::fault,
                 {other->second->name.str(), link.name.str()},
                 fmt::format("{} and {} both have the address {}", other->second->name.str(), link.name.str(), bare),
                 "the host answers for it on both sides, and sends by one of them only",
                 {command({"ip", "addr", "del", address.str(), "dev", link.name.str()})},
                 {keep_link(link.name.str())}});
        }
    }
}

void long_name(const DoctorFacts& facts, std::vector<Finding>& found)
{
    constexpr std::size_t suffix = 5;  // ".4094"
    for (const Link& link : facts.network.links) {
        const std::string& name = link.name.str();
        const bool may_have_vlans = link.kind.empty() || link.kind == "bond" || link.is_bridge();
        if (!link.ethernet || !may_have_vlans || name.size() + suffix <= max_link_name) {
            continue;
        }
        found.push_back(
            {"link.long-name",
             Gravity::note,
             {name},
             fmt::format("the name {} has {} characters: with a VLAN's number it gets longer than {}",
                         name,
                         name.size(),
                         max_link_name),
             "the kernel refuses such names and some programs cut them off; give its VLANs names of their own, as "
             "'net-setup vlan add' proposes them",
             {}});
    }
}

bool overlap(const Prefix& one, const Prefix& other)
{
    const auto first = [](const Prefix& prefix) {
        IpAddress::Octets octets{};
        std::ranges::copy(prefix.bytes(), octets.begin());
        return IpAddress{prefix.family(), octets};
    };
    return one.contains(first(other)) || other.contains(first(one));
}

/// Whether a link of the host, or a route of its own, lies in a network.
bool is_taken(const Network& network, const Prefix& prefix)
{
    return std::ranges::any_of(network.links,
                               [&prefix](const Link& link) {
                                   return std::ranges::any_of(link.addresses,
                                                              [&prefix](const InterfaceAddress& address) {
                                                                  return overlap(Prefix{address}, prefix);
                                                              });
                               }) ||
           std::ranges::any_of(network.routes, [&prefix](const Route& route) {
               return route.destination.length() != 0 && overlap(route.destination, prefix);
           });
}

/// Of a private network in which the host has nothing; absent: something of the host's lies in all that are tried.
std::optional<std::string> free_address(const Network& network)
{
    constexpr unsigned first = 100;
    constexpr unsigned last = 254;
    for (const std::string_view range : {"192.168", "172.30", "10.100"}) {
        for (unsigned third = first; third <= last; ++third) {
            auto text = fmt::format("{}.{}.1/24", range, third);
            const auto address = InterfaceAddress::parse(text);
            if (address && !is_taken(network, Prefix{*address})) {
                return text;
            }
        }
    }
    return std::nullopt;
}

std::string free_bridge_name(const Network& network)
{
    unsigned number = 0;
    while (find(network, LinkName::from_kernel(fmt::format("br{}", number))) != nullptr) {
        ++number;
    }
    return fmt::format("br{}", number);
}

void wifi(const DoctorFacts& facts, std::vector<Finding>& found)
{
    Network to_come = facts.network;  // with the bridges that are proposed
    for (const Link& link : facts.network.links) {
        if (!link.wireless) {
            continue;
        }
        const auto bridge = free_bridge_name(to_come);
        const auto address = free_address(to_come);
        Finding finding{"link.wifi",
                        Gravity::note,
                        {link.name.str()},
                        fmt::format("{} is a Wi-Fi card in client mode", link.name.str()),
                        "access points take no frames of others from it: it can be no port of a bridge. Give VMs a "
                        "bridge of the host's own and route"};
        if (address) {
            to_come.links.push_back(
                {.name = LinkName::from_kernel(bridge), .addresses = {*InterfaceAddress::parse(*address)}});
            finding.commands = {command({"net-setup", "bridge", "add", bridge, "--address", *address}),
                                sysctl_command("net/ipv4/ip_forward", 1)};
            finding.keep = {keep_link(bridge), keep_sysctl("ip_forward", "net/ipv4/ip_forward", 1)};
        }
        found.push_back(std::move(finding));
    }
}

bool carries_others(const Network& network, const Link& link)
{
    return std::ranges::any_of(network.links, [&link](const Link& other) {
        return other.master == link.index || (link_below(other) == link.index && &other != &link);
    });
}

void idle(const DoctorFacts& facts, std::vector<Finding>& found)
{
    constexpr std::array<std::string_view, 4> kinds{"", "veth", "bond", "dummy"};
    for (const Link& link : facts.network.links) {
        const bool counts = link.up && link.ethernet && std::ranges::find(kinds, link.kind) != kinds.end();
        if (!counts || link.master != 0 || !host_addresses(link).empty() || carries_others(facts.network, link)) {
            continue;
        }
        found.push_back({"link.idle",
                         Gravity::note,
                         {link.name.str()},
                         fmt::format("{} is switched on, but has no address and is no port", link.name.str()),
                         "it takes part in nothing: make it a port (net-setup bridge add), or switch it off",
                         {command({"ip", "link", "set", link.name.str(), "down"})}});
    }
}

void bpdus(const DoctorFacts& facts, std::vector<Finding>& found)
{
    std::map<int, std::vector<std::string>> senders;
    for (const Bpdu& bpdu : facts.bpdus) {
        auto& names = senders[bpdu.link];
        if (!bpdu.sender.empty() && std::ranges::find(names, bpdu.sender) == names.end()) {
            names.push_back(bpdu.sender);
        }
    }
    for (const auto& [index, names] : senders) {
        const Link* link = find(facts.network, index);
        if (link == nullptr) {
            continue;
        }
        found.push_back(
            {"link.bpdu",
             Gravity::note,
             {link->name.str()},
             fmt::format("BPDUs come in on {}{}",
                         link->name.str(),
                         names.empty() ? std::string{} : fmt::format(" from bridge {}", fmt::join(names, ", "))),
             "there the spanning tree runs: unless the switch's port is an edge port (portfast), the host waits "
             "some 30 s after each loss of its carrier; a guarded port shuts when the host's bridge sends BPDUs"});
    }
}

constexpr std::array<Examine, 8> rows{reverse_path, same_address, same_mac, forwarding, bpdus, wifi, long_name, idle};

}  // namespace

std::span<const Examine> host_examinations() noexcept
{
    return rows;
}

}  // namespace kvmkit::net
