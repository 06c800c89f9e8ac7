// SPDX-License-Identifier: Apache-2.0
#include "net/planner/plan.hpp"

#include "net/netlink/bridge_options.hpp"
#include "net/planner/port_rules.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// The ports in the order given, each once; all of them may be ports of it.
Result<std::vector<const Link*>> wanted_ports(const Network& network, const BridgeSpec& wanted)
{
    std::vector<const Link*> ports;
    for (const LinkName& name : wanted.ports) {
        const Link* port = find(network, name);
        if (port == nullptr) {
            return Error{
                ErrorCode::not_found,
                fmt::format("cannot attach port '{}' to '{}': it does not exist", name.str(), wanted.name.str()),
                "'net-setup show' lists the links"};
        }
        if (auto checked = check_port(network, *port, wanted.name); !checked) {
            return checked.error();
        }
        if (std::ranges::find(ports, port) == ports.end()) {
            ports.push_back(port);
        }
    }
    return ports;
}

MacAddress mac_for(const std::vector<const Link*>& ports, const Birthmark& birthmark)
{
    const bool usable = !ports.empty() && ports.front()->mac && !ports.front()->mac->is_zero();
    return usable ? *ports.front()->mac : birthmark.mac;
}

void plan_ports(Plan& plan, const LinkName& bridge, const std::vector<const Link*>& ports)
{
    for (const Link* port : ports) {
        if (port->master == 0) {
            plan.push_back({Attach{port->name, bridge}});
        }
        if (!port->up) {
            plan.push_back({SwitchUp{port->name}});
        }
    }
}

void plan_settings(Plan& plan, const BridgeSpec& wanted, const Link& bridge)
{
    if (wanted.mtu && bridge.mtu != *wanted.mtu) {
        plan.push_back({SetMtu{wanted.name, *wanted.mtu}});
    }
    for (const InterfaceAddress& address : wanted.addresses) {
        if (std::ranges::find(bridge.addresses, address) == bridge.addresses.end()) {
            plan.push_back({AddAddress{wanted.name, address}});
        }
    }
}

Result<void> check_removable(const Network& network, const Link& bridge, Taps taps)
{
    const auto refuse = [&bridge](const std::string& cause, std::string hint) {
        return Error{ErrorCode::refused,
                     fmt::format("cannot delete bridge '{}': {}", bridge.name.str(), cause),
                     std::move(hint)};
    };
    if (!bridge.routes.empty()) {
        return refuse(fmt::format("routes lead through it ({})", fmt::join(bridge.routes, ", ")),
                      "it may carry the connection that you work through; remove the routes first");
    }
    if (bridge.master != 0) {
        return refuse("it is a port of another link", fmt::format("ip link set {} nomaster", bridge.name.str()));
    }
    if (taps == Taps::release) {
        return {};
    }
    std::vector<std::string> names;
    for (const Link* port : ports_of(network, bridge)) {
        if (port->is_tap()) {
            names.push_back(port->name.str());
        }
    }
    if (names.empty()) {
        return {};
    }
    return refuse(fmt::format("VMs are connected to it ({})", fmt::join(names, ", ")),
                  "stop these VMs, or cut them off with --force");
}

}  // namespace

Result<Birthmark> new_birthmark()
{
    const auto mac = MacAddress::random();
    if (!mac) {
        return mac.error();
    }
    std::uint32_t mark = 0;
    for (const std::uint8_t octet : mac->octets()) {
        mark = (mark << 8U) | octet;
    }
    // Groups are signed in the kernel, and 0 is the default one.
    return Birthmark{*mac, (mark & 0x7fffffffU) | 0x40000000U};
}

Result<Plan> plan_bridge_add(const Network& network, const BridgeSpec& wanted, const Birthmark& birthmark)
{
    const Link* bridge = find(network, wanted.name);
    if (bridge != nullptr) {
        if (auto checked = check_is_bridge(*bridge, "add"); !checked) {
            return checked.error();
        }
    }
    const auto ports = wanted_ports(network, wanted);
    if (!ports) {
        return ports.error();
    }
    if (auto fits = wanted.mtu ? check_bridge_mtu(wanted.name, *ports, *wanted.mtu) : Result<void>{}; !fits) {
        return fits.error();
    }
    Plan plan;
    if (bridge == nullptr) {
        plan.push_back({CreateLink{.name = wanted.name,
                                   .kind = "bridge",
                                   .mac = mac_for(*ports, birthmark),
                                   .mark = birthmark.mark,
                                   .options = new_bridge_options()}});
    }
    plan_ports(plan, wanted.name, *ports);
    plan_settings(plan, wanted, bridge != nullptr ? *bridge : Link{});
    if (bridge == nullptr) {
        plan.push_back({SwitchUp{wanted.name, 0U}});
    } else if (!bridge->up) {
        plan.push_back({SwitchUp{wanted.name}});
    }
    return plan;
}

Result<Plan> plan_bridge_del(const Network& network, const BridgeRemoval& removal)
{
    const Link* bridge = find(network, removal.name);
    if (bridge == nullptr) {
        return Plan{};
    }
    if (auto checked = check_is_bridge(*bridge, "delete"); !checked) {
        return checked.error();
    }
    if (auto checked = check_removable(network, *bridge, removal.taps); !checked) {
        return checked.error();
    }
    Plan plan;
    if (bridge->up) {
        plan.push_back({SwitchDown{removal.name}});
    }
    // Newest first: the kernel takes the secondary addresses away together with their primary one.
    std::for_each(bridge->addresses.rbegin(), bridge->addresses.rend(), [&](const InterfaceAddress& address) {
        if (!address.is_ipv6_link_local()) {
            plan.push_back({RemoveAddress{removal.name, address}});
        }
    });
    for (const Link* port : ports_of(network, *bridge)) {
        plan.push_back({Release{port->name, removal.name}});
    }
    plan.push_back({DeleteLink{removal.name, "bridge"}});
    return plan;
}

}  // namespace kvmkit::net
