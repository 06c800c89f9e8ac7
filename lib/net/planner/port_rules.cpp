// SPDX-License-Identifier: Apache-2.0
#include "net/planner/port_rules.hpp"

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
    if (port.wireless) {
        return Refusal{"a Wi-Fi card in client mode sends only with its own MAC and cannot be a bridge port",
                       "use a cabled card, or a bridge without a port and route through it"};
    }
    return std::nullopt;
}

/// A link that the host itself talks through. Enslaving it moves neither addresses nor routes: the host would go
/// silent.
std::optional<Refusal> in_use(const Link& port)
{
    const std::string hint =
        "moving an uplink without losing the connection is not there yet: use a card without "
        "addresses, or a bridge without ports";
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
                   fmt::format("release it first: ip link set {} nomaster", port.name.str())};
}

}  // namespace

Result<void> check_port(const Network& network, const Link& port, const LinkName& bridge)
{
    auto refusal = unfit(port);
    if (!refusal) {
        refusal = port.master != 0 ? taken(network, port, bridge) : in_use(port);
    }
    if (!refusal) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("cannot attach port '{}' to '{}': {}", port.name.str(), bridge.str(), refusal->cause),
                 std::move(refusal->hint)};
}

}  // namespace kvmkit::net
