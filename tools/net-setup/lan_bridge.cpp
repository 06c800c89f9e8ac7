// SPDX-License-Identifier: Apache-2.0
#include "net/planner/lan_bridge.hpp"
#include "commands.hpp"
#include "net/handover/earlier_bridge.hpp"
#include "net/history.hpp"
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

using OwnAddresses = std::optional<std::vector<net::InterfaceAddress>>;

/// What the bridge had before it got the card; absent: it was made for the card, or nobody knows. What cannot be read
/// is not known.
OwnAddresses own_addresses(const net::Network& network, const net::LinkName& uplink)
{
    const auto bridge = net::bridge_of(network, uplink);
    const auto inventory = net::history(txn::default_places());
    const auto here = net::current_namespace();
    const auto self = txn::this_process();
    if (!bridge || !*bridge || !inventory || !here || !self) {
        return std::nullopt;
    }
    return net::own_addresses_of(*inventory, {uplink, **bridge, *here, self->boot_id});
}

/// Plans the way back, and says once what becomes of a bridge that was there before the card.
class WayBack {
public:
    explicit WayBack(net::LinkName uplink) : uplink_(std::move(uplink)) {}

    Result<net::Plan> operator()(const net::Network& network, const cli::Console& console)
    {
        if (!asked_) {
            asked_ = true;
            own_ = own_addresses(network, uplink_);
            if (own_) {
                console.note(fmt::format("'{}' was there before '{}' became its port: it stays, with what it had",
                                         (*net::bridge_of(network, uplink_))->str(),
                                         uplink_.str()));
            }
        }
        return net::plan_lan_bridge_back(network, uplink_, own_);
    }

private:
    net::LinkName uplink_;
    OwnAddresses own_ = {};
    bool asked_ = false;
};

}  // namespace

void declare_lan_bridge(cli::po::options_description_easy_init add)
{
    add("bridge",
        cli::po::value<std::string>()->value_name("BRIDGE")->default_value("br0"),
        "the bridge; one that exists keeps its ports and settings");
    add("back",
        "the other way: the card gets everything back, and the bridge goes if it was made for it and has no other "
        "port");
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
    WayBack way_back{wish->wanted.uplink};
    const auto planner = [&](const net::Network& network) {
        if (!std::exchange(told, true)) {
            tell_of_dhcp_clients(*wish, network, console);
        }
        return wish->back ? way_back(network, console) : net::plan_lan_bridge(network, wish->wanted, *birthmark);
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
