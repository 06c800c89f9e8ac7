// SPDX-License-Identifier: Apache-2.0
#include "net/planner/lan_bridge.hpp"
#include "commands.hpp"
#include "named.hpp"
#include "net/handover/earlier_bridge.hpp"
#include "net/history.hpp"
#include "net/owner/dhcp_clients.hpp"
#include "session.hpp"

#include <unistd.h>

#include <utility>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

/// Which card, which bridge, which way.
struct Wish {
    net::LanBridge wanted;
    bool back = false;
};

Result<Wish> read_wish(const cli::Arguments& arguments, const cli::Console& console)
{
    const auto uplink = read_link(arguments, arguments.operands().front(), console);
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

using Earlier = std::optional<net::EarlierBridge>;

Error cannot_tell(const net::LinkName& uplink, Error cause, std::string hint)
{
    cause.message = fmt::format(
        "cannot give '{}' back: whether its bridge was there before it is not known: {}", uplink.str(), cause.message);
    cause.hint = cause.hint.empty() ? std::move(hint) : std::move(cause.hint);
    return cause;
}

/// What the bridge had before it got the card; absent: it was made for the card, or no change of this boot tells. A
/// change that cannot be read may be the one that tells: a bridge is not deleted on a guess.
Result<Earlier> earlier_bridge(const net::Network& network, const net::LinkName& uplink)
{
    const auto bridge = net::bridge_of(network, uplink);
    if (!bridge || !*bridge) {
        return bridge ? Result<Earlier>{Earlier{}} : bridge.error();
    }
    const auto inventory = net::history(txn::default_places());
    if (!inventory) {
        return cannot_tell(uplink, inventory.error(), "look at the folder that it names");
    }
    const auto here = net::current_namespace();
    const auto self = txn::this_process();
    if (!here || !self) {
        return cannot_tell(uplink, !here ? here.error() : self.error(), {});
    }
    auto earlier = net::earlier_bridge(*inventory, {uplink, **bridge, *here, self->boot_id});
    if (!earlier && !inventory->damaged.empty()) {
        return cannot_tell(uplink,
                           {ErrorCode::refused, inventory->damaged.front()},
                           "move that folder away: then a bridge that no other change tells of goes");
    }
    return earlier;
}

/// Plans the way back, and says once what becomes of a bridge that was there before the card.
class WayBack {
public:
    explicit WayBack(net::LinkName uplink) : uplink_(std::move(uplink)) {}

    Result<net::Plan> operator()(const net::Network& network, const cli::Console& console)
    {
        if (!earlier_) {
            auto told = earlier_bridge(network, uplink_);
            if (!told) {
                return std::move(told).error();
            }
            earlier_ = std::move(*told);
            if (::geteuid() != 0) {
                console.warn("only root is told whether the bridge was there before, and so stays");
            }
            if (*earlier_) {
                console.note(fmt::format("'{}' was there before '{}' became its port: it stays, with what it had",
                                         (*net::bridge_of(network, uplink_))->str(),
                                         uplink_.str()));
            }
        }
        return net::plan_lan_bridge_back(network, uplink_, *earlier_);
    }

private:
    net::LinkName uplink_;
    std::optional<Earlier> earlier_ = {};  ///< Absent: not asked yet.
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
    const auto wish = read_wish(arguments, console);
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
