// SPDX-License-Identifier: Apache-2.0
#include "net/state/blame.hpp"

#include "net/model/overloaded.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>

namespace kvmkit::net {
namespace {

using Attribute = std::vector<std::uint16_t>;

bool leads_to(const Attribute& attribute, std::initializer_list<std::uint16_t> way)
{
    return attribute.size() >= way.size() && std::equal(way.begin(), way.end(), attribute.begin());
}

/// The key of an option, below `prefix`.
KeyPath key_of(std::string_view prefix, std::span<const OptionSpec> specs, std::uint16_t type)
{
    const auto found =
        std::find_if(specs.begin(), specs.end(), [type](const OptionSpec& spec) { return spec.type == type; });
    return found != specs.end() ? std::string{prefix}.append(found->key) : KeyPath{};
}

/// Where an interface has the options of its kind.
std::string_view place_of(std::string_view kind)
{
    if (kind == "bridge") {
        return "bridge.options.";
    }
    return kind == "bond" ? "link-aggregation.options." : kind == "vlan" ? "vlan." : "vxlan.";
}

KeyPath option_key(std::string_view kind, std::uint16_t type)
{
    if (kind == "bond" && type == IFLA_BOND_MODE) {
        return "link-aggregation.mode";
    }
    if (kind == "vxlan" && type == IFLA_VXLAN_LINK) {
        return "vxlan.base-iface";
    }
    return key_of(place_of(kind), option_specs(kind), type);
}

/// Of a link that is made or changed.
KeyPath link_key(std::string_view kind, const Attribute& attribute)
{
    if (leads_to(attribute, {IFLA_LINKINFO, IFLA_INFO_DATA}) && attribute.size() > 2) {
        return option_key(kind, attribute[2]);
    }
    if (leads_to(attribute, {IFLA_LINKINFO})) {
        return "type";
    }
    switch (attribute.empty() ? std::uint16_t{0} : attribute.front()) {
        case IFLA_ADDRESS: return "mac-address";
        case IFLA_MTU: return "mtu";
        case IFLA_IFNAME: return "name";
        case IFLA_LINK: return std::string{place_of(kind)}.append("base-iface");
        default: return {};
    }
}

KeyPath route_key(const Attribute& attribute)
{
    switch (attribute.empty() ? std::uint16_t{0} : attribute.front()) {
        case RTA_DST: return "destination";
        case RTA_OIF: return "next-hop-interface";
        case RTA_GATEWAY:
        case RTA_VIA: return "next-hop-address";
        case RTA_PRIORITY: return "metric";
        case RTA_TABLE: return "table-id";
        case RTA_PREFSRC: return "source";
        default: return {};
    }
}

/// Kernels say much without saying where.
KeyPath key_in(const Action& action, std::string_view words)
{
    struct Word {
        std::string_view word;
        std::string_view key;
        bool of_route = false;
    };
    constexpr std::array known{
        Word{"mtu ", "mtu"}, Word{"prefsrc", "source", true}, Word{"gateway", "next-hop-address", true}};
    const bool of_route = std::holds_alternative<AddRoute>(action);
    if (!of_route && !std::holds_alternative<CreateLink>(action)) {
        return {};
    }
    const auto found = std::find_if(known.begin(), known.end(), [&](const Word& one) {
        return one.of_route == of_route && words.find(one.word) != std::string_view::npos;
    });
    return found != known.end() ? KeyPath{found->key} : KeyPath{};
}

/// A step that changes one option only is about no other.
Attribute the_only(const LinkOptions& options, const Attribute& attribute, Attribute way)
{
    if (attribute.empty() && options.size() == 1) {
        way.push_back(options.front().type);
        return way;
    }
    return attribute;
}

/// Below the wish that the step fulfils.
KeyPath key_below(const Action& action, const Attribute& attribute)
{
    const Overloaded key{
        [&](const CreateLink& s) { return link_key(s.kind, attribute); },
        [&](const SetOptions& s) {
            return link_key(s.kind, the_only(s.options, attribute, {IFLA_LINKINFO, IFLA_INFO_DATA}));
        },
        [&](const SetPortOptions& s) {
            const auto way = the_only(s.options, attribute, {IFLA_LINKINFO, IFLA_INFO_SLAVE_DATA});
            return way.size() > 2 ? key_of({}, bridge_port_options(), way[2]) : KeyPath{};
        },
        [](const SetMtu&) { return KeyPath{"mtu"}; },
        [](const SetMac&) { return KeyPath{"mac-address"}; },
        [](const SetVlans&) { return KeyPath{"vlan"}; },
        [](const AddAddress&) { return KeyPath{"address"}; },
        [&](const AddRoute&) { return route_key(attribute); },
        [](const auto&) { return KeyPath{}; },
    };
    return std::visit(key, action);
}

}  // namespace

KeyPath blamed_path(const Step& step, const Attribute& attribute, std::string_view words)
{
    if (step.origin.empty()) {
        return {};
    }
    auto key = key_below(step.action, attribute);
    if (key.empty() && attribute.empty()) {
        key = key_in(step.action, words);
    }
    return key.empty() ? step.origin : step.origin + "." + key;
}

}  // namespace kvmkit::net
