// SPDX-License-Identifier: Apache-2.0
#include "net/planner/port_rules.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

struct Refusal {
    std::string cause;
    std::string hint;
};

/// Links that the kernel lets into no bridge, in words that it does not have.
std::optional<Refusal> unfit(const Link& port)
{
    if (port.loopback) {
        return Refusal{"it is the loopback link", "name a network card, a veth or a tap"};
    }
    if (port.is_bridge()) {
        return Refusal{"it is itself a bridge", "connect two bridges by a veth pair"};
    }
    if (!port.ethernet) {
        return Refusal{"it carries no Ethernet frames", "name a network card, a veth or a tap"};
    }
    return std::nullopt;
}

/// A link that the host itself talks through. Enslaving it moves neither addresses nor routes: the host would go
/// silent.
std::optional<Refusal> in_use(const Link& port)
{
    const std::string hint =
        fmt::format("'net-setup lan-bridge {}' moves them to a bridge without losing the connection", port.name.str());
    std::vector<std::string> carried;
    for (const InterfaceAddress& address : port.addresses) {
        if (!address.is_ipv6_link_local()) {
            carried.push_back(address.str());
        }
    }
    if (!carried.empty()) {
        return Refusal{fmt::format("it carries the host's address {}; as a port it would cut the host off",
                                   fmt::join(carried, ", ")),
                       hint};
    }
    if (!port.routes.empty()) {
        return Refusal{fmt::format("the host's routes lead through it ({}); as a port it would cut the host off",
                                   fmt::join(port.routes, ", ")),
                       hint};
    }
    return std::nullopt;
}

std::optional<Refusal> taken(const Network& network, const Link& port, const LinkName& bridge)
{
    const Link* master = find(network, port.master);
    const auto owner = master != nullptr ? master->name.str() : fmt::format("link {}", port.master);
    if (owner == bridge.str()) {
        return std::nullopt;
    }
    return Refusal{fmt::format("it is already a port of '{}'", owner),
                   fmt::format("release it first: net-setup port del {}", port.name.str())};
}

Result<void> judged(std::optional<Refusal> refusal, const Link& port, const LinkName& bridge)
{
    if (!refusal) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("cannot attach port '{}' to '{}': {}", port.name.str(), bridge.str(), refusal->cause),
                 std::move(refusal->hint)};
}

}  // namespace

std::string kind_text(std::string_view kind)
{
    return kind.empty() ? std::string{"network card"} : fmt::format("link of kind {}", kind);
}

Result<void> check_is_bridge(const Link& link, std::string_view doing)
{
    if (link.is_bridge()) {
        return {};
    }
    return Error{
        ErrorCode::refused,
        fmt::format("cannot {} bridge '{}': it is a {}, no bridge", doing, link.name.str(), kind_text(link.kind)),
        "choose another name; 'net-setup show' lists those in use"};
}

Result<void> check_bridge_mtu(const LinkName& bridge, const std::vector<const Link*>& ports, unsigned mtu)
{
    for (const Link* port : ports) {
        if (port->mtu < mtu) {
            return Error{ErrorCode::refused,
                         fmt::format("cannot set the MTU of bridge '{}' to {}: its port '{}' has only {}",
                                     bridge.str(),
                                     mtu,
                                     port->name.str(),
                                     port->mtu),
                         fmt::format("raise that of the port first: ip link set {} mtu {}", port->name.str(), mtu)};
        }
    }
    return {};
}

bool leads_away(const Network& network, const LinkName& name)
{
    std::vector<const Link*> reached;
    if (const Link* link = find(network, name)) {
        reached.push_back(link);
    }
    for (std::size_t next = 0; next < reached.size(); ++next) {
        if (!reached[next]->routes.empty()) {
            return true;
        }
        for (const Link& above : network.links) {
            const bool stands_on_it = link_below(above) == reached[next]->index || above.index == reached[next]->master;
            if (stands_on_it && std::ranges::find(reached, &above) == reached.end()) {
                reached.push_back(&above);
            }
        }
    }
    return false;
}

bool is_in_use(const Link& port)
{
    return in_use(port).has_value();
}

Result<void> check_uplink(const Network& network, const Link& port, const LinkName& bridge)
{
    auto refusal = unfit(port);
    return judged(refusal || port.master == 0 ? std::move(refusal) : taken(network, port, bridge), port, bridge);
}

Result<void> check_port(const Network& network, const Link& port, const LinkName& bridge)
{
    auto refusal = unfit(port);
    if (!refusal) {
        refusal = port.master != 0 ? taken(network, port, bridge) : in_use(port);
    }
    return judged(std::move(refusal), port, bridge);
}

}  // namespace kvmkit::net
