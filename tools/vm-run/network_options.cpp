// SPDX-License-Identifier: Apache-2.0
#include "network_options.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "net/model/address.hpp"
#include "net/model/names.hpp"
#include "net/model/vlans.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

constexpr const char* kinds =
    "use --net auto, none, user, user,fwd=2222:22, network=NAME, bridge=NAME[,vlan=N] or macvtap=LINK; with "
    "mac=ADDRESS, ip=ADDRESS/LENGTH, gw=ADDRESS and dns=ADDRESS as wanted";

Error usage(std::string message, std::string hint = kinds)
{
    return {ErrorCode::usage, std::move(message), std::move(hint)};
}

using Word = std::pair<std::string, std::string>;  // "vlan", "10"

Word taken_apart(std::string_view text)
{
    const auto equals = text.find('=');
    return equals == std::string_view::npos ? Word{text, ""} : Word{text.substr(0, equals), text.substr(equals + 1)};
}

/// libvirt's network names are free text; a name that is safe in messages and XML will do.
Result<std::string> network_name(const std::string& text)
{
    const bool bad = std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '/'; });
    return text.empty() || bad ? Result<std::string>{usage(fmt::format("'{}' is no name of a network", text))} : text;
}

Result<virt::Nic> read_kind(const Word& word)
{
    const auto& [kind, name] = word;
    if (kind == "user" && name.empty()) {
        return virt::Nic{virt::UserNic{}};
    }
    if (name.empty() && (kind == "network" || kind == "bridge" || kind == "macvtap")) {
        return usage(fmt::format("'{}' needs a name", kind), fmt::format("write it like --net {}=NAME", kind));
    }
    if (kind == "network") {
        const auto network = network_name(name);
        return network ? Result<virt::Nic>{virt::Nic{virt::NetworkNic{*network}}} : network.error();
    }
    if (kind != "bridge" && kind != "macvtap") {
        if (name.empty() && network_name(kind)) {  // as other programs name a network
            return usage(
                fmt::format("'{}' is no network", kind),
                fmt::format("if it is one of libvirt's: --net network={0}{1}; 'vm-run launch --help' shows all kinds",
                            kind,
                            net::LinkName::parse(kind) ? "; if it is a bridge: --net bridge=" + kind : ""));
        }
        return usage(fmt::format("'{}' is no network", name.empty() ? kind : kind + "=" + name));
    }
    const auto link = net::LinkName::parse(name);
    if (!link) {
        return link.error();
    }
    return kind == "bridge" ? virt::Nic{virt::BridgeNic{link->str()}} : virt::Nic{virt::MacvtapNic{link->str()}};
}

Result<void> read_vlan(virt::Nic& nic, const std::string& text)
{
    auto* bridge = std::get_if<virt::BridgeNic>(&nic.source);
    if (bridge == nullptr) {
        return usage("only a bridge has VLANs: --net bridge=NAME,vlan=N");
    }
    const auto vlan = net::parse_vlan_id(text);
    if (!vlan) {
        return vlan.error();
    }
    bridge->vlan = *vlan;
    return {};
}

Result<void> read_forward(virt::Nic& nic, const std::string& text)
{
    auto* user = std::get_if<virt::UserNic>(&nic.source);
    const auto parts = split(text, ':');
    const auto host = decimal<std::uint16_t>(parts.front());
    const auto guest = decimal<std::uint16_t>(parts.back());
    if (user == nullptr || parts.size() != 2 || host.value_or(0) == 0 || guest.value_or(0) == 0) {
        return usage(fmt::format("'fwd={}' leads nowhere", text),
                     "name a port of this host and one of the guest: --net user,fwd=2222:22");
    }
    user->forwards.push_back({*host, *guest});
    return {};
}

/// Multicast addresses cannot be a card's own.
Result<void> read_mac(virt::Nic& nic, const std::string& text)
{
    const auto mac = net::MacAddress::parse(text);
    if (!mac) {
        return mac.error();
    }
    if (mac->is_zero() || (mac->octets().front() & 1U) != 0) {
        return usage(fmt::format("'{}' cannot be the address of one card", text), "use one like 52:54:00:12:34:56");
    }
    nic.mac = mac->str();
    return {};
}

Result<void> read_ip(virt::Nic& nic, const std::string& text)
{
    const auto address = net::InterfaceAddress::parse(text);
    if (!address) {
        return address.error();
    }
    if (!address->is_host_address()) {
        return usage(fmt::format("'{}' is no address of a host", text), "name one like 192.0.2.5/24");
    }
    if (!nic.ip) {
        nic.ip.emplace();
    }
    if (!nic.ip->cidr.empty()) {
        return usage("a second ip= for one network card",
                     "give the guest another card, or more addresses by --user-data");
    }
    nic.ip->cidr = address->str();
    return {};
}

Result<void> read_gateway_or_dns(virt::Nic& nic, const Word& word)
{
    const auto address = net::IpAddress::parse(word.second);
    if (!address) {
        return address.error();
    }
    if (!nic.ip) {
        return usage(fmt::format("{}= goes with a fixed address", word.first), "put ip=ADDRESS/LENGTH before it");
    }
    if (word.first == "gw") {
        if (nic.ip->gateway) {
            return usage("a second gw= for one network card", "name one gateway");
        }
        nic.ip->gateway = address->str();
    } else {
        nic.ip->dns.push_back(address->str());
    }
    return {};
}

Result<void> read_word(virt::Nic& nic, const Word& word)
{
    if (word.first == "vlan") {
        return read_vlan(nic, word.second);
    }
    if (word.first == "fwd") {
        return read_forward(nic, word.second);
    }
    if (word.first == "mac") {
        return read_mac(nic, word.second);
    }
    if (word.first == "ip") {
        return read_ip(nic, word.second);
    }
    if (word.first == "gw" || word.first == "dns") {
        return read_gateway_or_dns(nic, word);
    }
    return usage(fmt::format("'{}' says nothing about a network", word.first));
}

Result<void> check_macs(const std::vector<virt::Nic>& nics)
{
    std::set<std::string> seen;
    for (const auto& nic : nics) {
        if (nic.mac && !seen.insert(*nic.mac).second) {
            return usage(fmt::format("two network cards have the address {}", *nic.mac));
        }
    }
    return {};
}

}  // namespace

Result<virt::Nic> parse_nic(const std::string& text)
{
    const auto parts = split(text, ',');
    auto nic = read_kind(taken_apart(parts.front()));
    if (!nic) {
        return nic.error();
    }
    for (std::size_t i = 1; i < parts.size(); ++i) {
        if (auto read = read_word(*nic, taken_apart(parts[i])); !read) {
            return read.error();
        }
    }
    return nic;
}

void declare_network(cli::po::options_description_easy_init& add)
{
    add("net",
        cli::po::value<std::vector<std::string>>()->value_name("NET"),
        "none, user[,fwd=HOST:GUEST], network=NAME, bridge=NAME[,vlan=N] or macvtap=LINK, with mac=, ip=, gw=, dns=; "
        "repeatable (default: auto: libvirt's network 'default' where it runs, else user)");
    add("net-start", "start libvirt's networks that are off");
}

bool names_networks(const cli::Arguments& arguments)
{
    const auto given = arguments.list("net");
    return !given.empty() && given != std::vector<std::string>{"auto"};
}

Result<std::vector<virt::Nic>> read_network(const cli::Arguments& arguments)
{
    const auto given = arguments.list("net");
    if (!names_networks(arguments)) {
        return std::vector{virt::Nic{}};
    }
    for (const char* alone : {"none", "auto"}) {
        if (given.size() > 1 && std::ranges::find(given, alone) != given.end()) {
            return usage(fmt::format("--net {} goes with no other --net", alone));
        }
    }
    if (given.front() == "none") {
        return std::vector<virt::Nic>{};
    }
    std::vector<virt::Nic> nics;
    nics.reserve(given.size());
    for (const auto& text : given) {
        auto nic = parse_nic(text);
        if (!nic) {
            return nic.error();
        }
        nics.push_back(std::move(*nic));
    }
    if (auto checked = check_macs(nics); !checked) {
        return checked.error();
    }
    return nics;
}

}  // namespace kvmkit::vm_run
