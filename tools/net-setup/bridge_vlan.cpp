// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "hands.hpp"
#include "named.hpp"

#include <utility>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

struct Wish {
    net::LinkName link;
    net::DesiredVlans vlans = {};
};

Result<Wish> read_wish(const cli::Arguments& arguments, const cli::Console& console)
{
    const auto link = read_link(arguments, arguments.operands().front(), console);
    if (!link) {
        return link.error();
    }
    Wish wish{*link};
    const auto native = arguments.maybe("native");
    const auto tagged = arguments.maybe("tagged");
    if (!native && !tagged) {
        return Error{ErrorCode::usage,
                     fmt::format("'net-setup bridge vlan set' was told no VLAN of '{}'", link->str()),
                     "give --native 1, --tagged 100,200-299, or both"};
    }
    if (native) {
        const auto id = net::parse_vlan_id(*native);
        if (!id) {
            return id.error();
        }
        wish.vlans.native = *id;
    }
    if (tagged) {
        const auto set = net::VlanSet::parse(*tagged);
        if (!set) {
            return set.error();
        }
        wish.vlans.tagged = *set;
    }
    if (wish.vlans.native && wish.vlans.tagged.has(*wish.vlans.native)) {
        return Error{ErrorCode::usage,
                     fmt::format("VLAN {} is to be both native and tagged", *wish.vlans.native),
                     "leave it out of one of them"};
    }
    return wish;
}

/// VLANs of a port count for nothing as long as its bridge does not look at tags.
void tell_of_idle_vlans(const net::Network& network, const net::LinkName& link, const cli::Console& console)
{
    if (const net::Link* bridge = net::bridge_without_filter(network, link)) {
        console.warn(fmt::format("{0} does not filter VLANs yet: 'net-setup bridge set {0} --vlan-filtering on'",
                                 bridge->name.str()));
    }
}

}  // namespace

void declare_bridge_vlan_set(cli::po::options_description_easy_init add)
{
    add("native",
        cli::po::value<std::string>()->value_name("ID"),
        "the VLAN that comes and leaves without a tag; the bridge's default one without it");
    add("tagged",
        cli::po::value<std::string>()->value_name("LIST"),
        "those with a tag, as 100,200-299; none without it");
    declare_change(add);
}

Result<cli::ExitCode> bridge_vlan_set(const cli::Arguments& arguments, cli::Console& console)
{
    const auto wish = read_wish(arguments, console);
    if (!wish) {
        return wish.error();
    }
    bool told = false;
    return run_hand_command({.name = "bridge vlan set",
                             .about = {{"link", wish->link.str()}},
                             .wish =
                                 [&](const net::Network& network) {
                                     if (!std::exchange(told, true)) {
                                         tell_of_idle_vlans(network, wish->link, console);
                                     }
                                     return net::wish_for_vlans(network, wish->link, wish->vlans);
                                 },
                             .touched = {wish->link}},
                            arguments,
                            console);
}

}  // namespace kvmkit::net_setup
