// SPDX-License-Identifier: Apache-2.0
#include "net/planner/lan_bridge.hpp"
#include "commands.hpp"
#include "net/owner/dhcp_clients.hpp"
#include "session.hpp"

#include <utility>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

/// Which card, which bridge, which way.
struct Wish {
    net::LanBridge wanted;
    bool back = false;
};

Result<Wish> read_wish(const cli::Arguments& arguments)
{
    const auto uplink = net::LinkName::parse(arguments.operands().front());
    const auto bridge = net::LinkName::parse(arguments.text("bridge"));
    if (!uplink || !bridge) {
        return !uplink ? uplink.error() : bridge.error();
    }
    return Wish{{*uplink, *bridge}, arguments.has("back")};
}

/// A lease is renewed by a program that does not know of the bridge; nothing is done to it, but it is told of.
void tell_of_dhcp_clients(const Wish& wish, const net::Network& network, const cli::Console& console)
{
    const net::Link* card = net::find(network, wish.wanted.uplink);
    const net::Link* bridge = net::find(network, wish.wanted.bridge);
    const net::Link* giver = wish.back ? bridge : card;
    const bool nothing_to_do = card == nullptr || (bridge != nullptr && (card->master == bridge->index) != wish.back);
    if (giver == nullptr || nothing_to_do) {
        return;
    }
    const net::LinkName& taker = wish.back ? wish.wanted.uplink : wish.wanted.bridge;
    const net::DhcpPlaces places{.own_namespace = net::own_network_namespace()};
    for (const net::DhcpClient& client : net::dhcp_clients_of(giver->name, giver->index, places)) {
        console.warn(net::sentence_about(client, giver->name, taker));
    }
}

}  // namespace

void declare_lan_bridge(cli::po::options_description_easy_init add)
{
    add("bridge",
        cli::po::value<std::string>()->value_name("BRIDGE")->default_value("br0"),
        "the bridge; one that exists keeps its ports and settings");
    add("back", "the other way: the card gets everything back, and the bridge goes if no other port is left");
    declare_change(add);
}

Result<cli::ExitCode> lan_bridge(const cli::Arguments& arguments, cli::Console& console)
{
    const auto wish = read_wish(arguments);
    if (!wish) {
        return wish.error();
    }
    const auto birthmark = net::new_birthmark();
    if (!birthmark) {
        return birthmark.error();
    }
    bool told = false;
    const auto planner = [&](const net::Network& network) {
        if (!std::exchange(told, true)) {
            tell_of_dhcp_clients(*wish, network, console);
        }
        return wish->back ? net::plan_lan_bridge_back(network, wish->wanted.uplink)
                          : net::plan_lan_bridge(network, wish->wanted, *birthmark);
    };
    return run_change_command({.name = "lan-bridge",
                               .about = {{"bridge", wish->wanted.bridge.str()}},
                               .planner = planner,
                               .confirm = for_uplinks(arguments),
                               .keeps = wish->back ? std::vector<net::LinkName>{} : std::vector{wish->wanted.bridge}},
                              arguments,
                              console);
}

}  // namespace kvmkit::net_setup
