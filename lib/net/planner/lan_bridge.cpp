// SPDX-License-Identifier: Apache-2.0
#include "net/planner/lan_bridge.hpp"

#include "net/netlink/bridge_options.hpp"
#include "net/planner/port_rules.hpp"

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

Error no_such_card(const LinkName& name)
{
    return {ErrorCode::not_found,
            fmt::format("cannot make a bridge of '{}': the link does not exist", name.str()),
            "'net-setup show' lists the links"};
}

Result<void> check_is_free_or_bridge(const Link* bridge, const LinkName& uplink)
{
    if (bridge == nullptr || bridge->is_bridge()) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("cannot make a bridge of '{}': '{}' is no bridge", uplink.str(), bridge->name.str()),
                 "choose another name with --bridge; 'net-setup show' lists those in use"};
}

}  // namespace

Result<Plan> plan_lan_bridge(const Network& network, const LanBridge& wanted, const Birthmark& birthmark)
{
    const Link* uplink = find(network, wanted.uplink);
    const Link* bridge = find(network, wanted.bridge);
    if (uplink == nullptr) {
        return no_such_card(wanted.uplink);
    }
    if (auto free = check_is_free_or_bridge(bridge, wanted.uplink); !free) {
        return free.error();
    }
    if (auto fit = check_uplink(network, *uplink, wanted.bridge); !fit) {
        return fit.error();
    }
    Plan plan;
    if (bridge == nullptr) {
        const MacAddress mac = uplink->mac && !uplink->mac->is_zero() ? *uplink->mac : birthmark.mac;
        plan.push_back({CreateLink{.name = wanted.bridge,
                                   .kind = "bridge",
                                   .mac = mac,
                                   .mark = birthmark.mark,
                                   .mtu = uplink->mtu,
                                   .options = new_bridge_options()}});
    }
    if (uplink->master == 0 || is_in_use(*uplink)) {
        plan.push_back({Handover{wanted.uplink, wanted.bridge, Direction::to_bridge}});
    }
    if (!uplink->up) {
        plan.push_back({SwitchUp{wanted.uplink}});
    }
    if (bridge == nullptr) {
        plan.push_back({SwitchUp{wanted.bridge, 0U}});
    } else if (!bridge->up) {
        plan.push_back({SwitchUp{wanted.bridge}});
    }
    return plan;
}

Result<std::optional<LinkName>> bridge_of(const Network& network, const LinkName& uplink)
{
    const Link* port = find(network, uplink);
    if (port == nullptr) {
        return no_such_card(uplink);
    }
    const Link* master = find(network, port->master);
    if (master != nullptr && !master->is_bridge()) {
        return Error{
            ErrorCode::refused,
            fmt::format("cannot free '{}': it is a port of '{}', which is no bridge", uplink.str(), master->name.str()),
            fmt::format("ip link set {} nomaster", uplink.str())};
    }
    return master != nullptr ? std::optional{master->name} : std::nullopt;
}

Result<Plan> plan_lan_bridge_back(const Network& network,
                                  const LinkName& uplink,
                                  const std::optional<EarlierBridge>& earlier)
{
    const auto bridge = bridge_of(network, uplink);
    if (!bridge || !*bridge) {
        return bridge ? Plan{} : Result<Plan>{bridge.error()};
    }
    const Link& link = *find(network, **bridge);
    const auto own = earlier.value_or(EarlierBridge{});
    Plan plan{{Handover{uplink, link.name, Direction::to_port, {}, own.addresses, own.mac}}};
    if (earlier || ports_of(network, link).size() > 1) {
        return plan;
    }
    if (link.up) {
        plan.push_back({SwitchDown{link.name}});
    }
    plan.push_back({DeleteLink{link.name, "bridge"}});
    return plan;
}

}  // namespace kvmkit::net
