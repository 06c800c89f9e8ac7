// SPDX-License-Identifier: Apache-2.0
#include "net/planner/step.hpp"

#include "base/printable.hpp"
#include "net/model/overloaded.hpp"

#include <linux/rtnetlink.h>

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<Action>> action_words{
    "create-link",    "delete-link", "attach",       "release",          "switch-up",    "switch-down", "set-mtu",
    "set-mac",        "set-group",   "set-options",  "set-port-options", "set-vlans",    "set-ipv6",    "add-address",
    "remove-address", "add-route",   "remove-route", "handover",         "set-resolver", "set-managed"};

std::string describe_new(const CreateLink& link)
{
    auto text = fmt::format("create {} {}", link.kind, link.name.str());
    if (link.lower) {
        text += fmt::format(" on {}", link.lower->str());
    }
    if (link.peer) {
        text += fmt::format(" with its other end {}", link.peer->str());
    }
    return link.mac ? fmt::format("{} with MAC {}", text, link.mac->str()) : text;
}

std::string keys_of(const LinkOptions& options, std::span<const OptionSpec> specs)
{
    std::string text;
    for (const LinkOption& option : options) {
        const auto spec = std::find_if(
            specs.begin(), specs.end(), [&option](const OptionSpec& known) { return known.type == option.type; });
        text += spec != specs.end() ? fmt::format(" {}={}", spec->key, option_text(*spec, option))
                                    : fmt::format(" option {}", option.type);
    }
    return text;
}

std::string describe_vlans(const SetVlans& step)
{
    if (step.vlans.members.empty()) {
        return fmt::format("take {} out of all VLANs", step.name.str());
    }
    auto text = fmt::format("set the VLANs of {}:", step.name.str());
    if (step.vlans.pvid) {
        text += fmt::format(" native {}", *step.vlans.pvid);
    }
    const auto tagged = step.vlans.members.without(step.vlans.untagged);
    if (!tagged.empty()) {
        text += fmt::format(" tagged {}", tagged.str());
    }
    return text;
}

}  // namespace

const LinkName* subject(const Action& action)
{
    const Overloaded name_of{
        [](const Attach& step) -> const LinkName* { return &step.port; },
        [](const Release& step) -> const LinkName* { return &step.port; },
        [](const Handover& step) -> const LinkName* { return &step.port; },
        [](const AddRoute& step) { return step.route.link ? &*step.route.link : nullptr; },
        [](const RemoveRoute& step) { return step.route.link ? &*step.route.link : nullptr; },
        [](const SetResolver& /*of the host*/) -> const LinkName* { return nullptr; },
        [](const auto& step) -> const LinkName* { return &step.name; },
    };
    return std::visit(name_of, action);
}

bool is_bookkeeping(const Action& action) noexcept
{
    return std::holds_alternative<SetGroup>(action);
}

std::string_view plain_word(const Action& action) noexcept
{
    return action_words.at(action.index());
}

std::string_view word(const Action& action) noexcept
{
    const auto* const create = std::get_if<CreateLink>(&action);
    if (create != nullptr && create->kind == "bridge") {
        return "create-bridge";
    }
    const auto* const remove = std::get_if<DeleteLink>(&action);
    return remove != nullptr && remove->kind == "bridge" ? "delete-bridge" : plain_word(action);
}

std::string describe(const RouteEntry& route)
{
    auto text = route.destination.length() == 0 ? std::string{"default"} : route.destination.str();
    if (route.type == RTN_BLACKHOLE || route.type == RTN_UNREACHABLE || route.type == RTN_PROHIBIT) {
        const auto* const kind = route.type == RTN_BLACKHOLE     ? "blackhole"
                                 : route.type == RTN_UNREACHABLE ? "unreachable"
                                                                 : "prohibit";
        text = fmt::format("{} {}", kind, text);
    }
    if (route.gateway) {
        text += fmt::format(" via {}", route.gateway->str());
    }
    if (route.link) {
        text += fmt::format(" dev {}", route.link->str());
    }
    if (route.onlink) {
        text += " onlink";
    }
    if (route.metric != 0) {
        text += fmt::format(" metric {}", route.metric);
    }
    for (const RouteWay& way : route.ways) {
        text += " nexthop";
        if (way.gateway) {
            text += fmt::format(" via {}", way.gateway->str());
        }
        text += fmt::format(" dev {} weight {}", way.link.str(), way.weight);
    }
    return route.table != RT_TABLE_MAIN ? fmt::format("{} table {}", text, route.table) : text;
}

std::string describe(const Action& action)
{
    const Overloaded sentence{
        [](const CreateLink& s) { return describe_new(s); },
        [](const DeleteLink& s) { return fmt::format("delete {} {}", s.kind, s.name.str()); },
        [](const Attach& s) { return fmt::format("attach {} to {}", s.port.str(), s.bridge.str()); },
        [](const Release& s) { return fmt::format("release {} from {}", s.port.str(), s.bridge.str()); },
        [](const SwitchUp& s) { return fmt::format("switch {} up", s.name.str()); },
        [](const SwitchDown& s) { return fmt::format("switch {} down", s.name.str()); },
        [](const SetMtu& s) { return fmt::format("set the MTU of {} to {}", s.name.str(), s.mtu); },
        [](const SetMac& s) { return fmt::format("set the MAC of {} to {}", s.name.str(), s.mac.str()); },
        [](const SetGroup& s) { return fmt::format("put {} into group {}", s.name.str(), s.group); },
        [](const SetOptions& s) {
            return fmt::format("set{} of {} {}", keys_of(s.options, option_specs(s.kind)), s.kind, s.name.str());
        },
        [](const SetPortOptions& s) {
            return fmt::format("set{} of port {}", keys_of(s.options, bridge_port_options()), s.name.str());
        },
        [](const SetVlans& s) { return describe_vlans(s); },
        [](const SetIpv6& s) {
            return fmt::format("switch {} of {} {}",
                               s.what == Ipv6Switch::enabled ? "IPv6" : "IPv6 autoconfiguration",
                               s.name.str(),
                               s.on ? "on" : "off");
        },
        [](const AddAddress& s) { return fmt::format("add address {} to {}", s.address.str(), s.name.str()); },
        [](const RemoveAddress& s) { return fmt::format("remove address {} from {}", s.address.str(), s.name.str()); },
        [](const AddRoute& s) { return fmt::format("add route {}", describe(s.route)); },
        [](const RemoveRoute& s) { return fmt::format("remove route {}", describe(s.route)); },
        [](const Handover& s) {
            return s.direction == Direction::to_bridge
                       ? fmt::format("hand the addresses and routes of {0} over to {1}, and attach {0}",
                                     s.port.str(),
                                     s.bridge.str())
                       : fmt::format("hand the addresses and routes of {1} back to {0}, and release {0}",
                                     s.port.str(),
                                     s.bridge.str());
        },
        [](const SetResolver& s) {
            return std::string{s.after ? "write /etc/resolv.conf" : "remove /etc/resolv.conf"};
        },
        [](const SetManaged& s) {
            return fmt::format(
                "have NetworkManager {}",
                s.managed ? "look after " + s.name.str() + " again" : "leave " + s.name.str() + " alone");
        },
    };
    // Other programs may have given links names that a terminal would obey.
    const std::string text = std::visit(sentence, action);
    return printable(text, text.size());
}

}  // namespace kvmkit::net
