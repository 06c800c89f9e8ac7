// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/bridge_options.hpp"
#include "net/planner/internal/draft.hpp"
#include "net/planner/internal/features.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

bool is_virtual(const Link& link)
{
    return !link.kind.empty();
}

/// Makes a link what a new one is, as far as it cannot be born otherwise.
void reset(Draft& draft, const Link& link, const KeyPath& origin)
{
    silence(draft, link, origin);
    if (!link.ipv6) {
        draft.add(SetIpv6{link.name, Ipv6Switch::enabled, true}, origin);
    }
    if (!link.autoconf) {
        draft.add(SetIpv6{link.name, Ipv6Switch::autoconf, true}, origin);
    }
}

/// A bond's mode decides which other options it takes.
LinkOptions in_order(LinkOptions options)
{
    std::stable_partition(
        options.begin(), options.end(), [](const LinkOption& option) { return option.type == IFLA_BOND_MODE; });
    return options;
}

/// A new bridge filters no VLANs, and a kernel that cannot will not even be told that it shall not. That is what it is
/// told where it would pass over settings of VLANs without a word.
bool is_told_in_vain(const LinkOption& option)
{
    return option.type == IFLA_BR_VLAN_FILTERING && option_number(option) == 0U;
}

LinkOptions options_of_new(const DesiredInterface& wish)
{
    if (wish.kind == "bond") {
        return in_order(wish.options);
    }
    if (wish.kind != "bridge") {
        return wish.options;
    }
    LinkOptions options = new_bridge_options();
    for (const LinkOption& option : wish.options) {
        std::erase_if(options, [&option](const LinkOption& usual) { return usual.type == option.type; });
        if (!is_told_in_vain(option)) {
            options.push_back(option);
        }
    }
    const bool has_vlans = std::ranges::any_of(
        wish.options, [](const LinkOption& option) { return feature_of(option.type) == vlan_filtering; });
    if (has_vlans && find(options, IFLA_BR_VLAN_FILTERING) == nullptr) {
        options.push_back(number_option(IFLA_BR_VLAN_FILTERING, 0, 1));
    }
    return options;
}

/// The MAC that a new bridge is pinned to: its first port's, or one of its own.
MacAddress mac_of_new_bridge(const Draft& draft, const DesiredInterface& wish, unsigned number)
{
    for (const DesiredPort& port : wish.ports.value_or(std::vector<DesiredPort>{})) {
        const Link* link = draft.present(port.name);
        if (link != nullptr && link->mac && !link->mac->is_zero() && !link->is_tap()) {
            return *link->mac;
        }
    }
    auto octets = draft.birthmark().mac.octets();
    const auto tail = static_cast<std::uint16_t>(octets.at(4) * 256U + octets.at(5) + number);
    octets.at(4) = static_cast<std::uint8_t>(tail / 256U);
    octets.at(5) = static_cast<std::uint8_t>(tail % 256U);
    return MacAddress{octets};
}

/// What the kernel needs to know of a new link and cannot guess, or would guess without being asked.
bool is_complete(Draft& draft, const DesiredInterface& wish)
{
    if (*wish.kind == "vlan" && find(wish.options, IFLA_VLAN_ID) == nullptr) {
        draft.complain({ErrorCode::usage,
                        fmt::format("cannot create vlan '{}': it has no number", wish.name.str()),
                        "write id: 1 to 4094"},
                       wish.path + ".vlan");
    } else if (*wish.kind == "bond" && find(wish.options, IFLA_BOND_MODE) == nullptr) {
        draft.complain({ErrorCode::usage,
                        fmt::format("cannot create bond '{}': it has no mode", wish.name.str()),
                        "write mode: active-backup, or another one"},
                       wish.path + ".link-aggregation");
    }
    return draft.sound();
}

std::uint64_t tag_protocol(const LinkOptions& options)
{
    const LinkOption* option = find(options, IFLA_VLAN_PROTOCOL);
    return option != nullptr ? option_number(*option).value_or(0) : htons(ETH_P_8021Q);
}

/// The kernel makes each VLAN of a link once.
bool is_free_tag(Draft& draft, const DesiredInterface& wish)
{
    const LinkOption* id = find(wish.options, IFLA_VLAN_ID);
    const Link* lower = wish.lower ? draft.present(*wish.lower) : nullptr;
    if (*wish.kind != "vlan" || id == nullptr || lower == nullptr) {
        return true;
    }
    for (const Link* above : links_above(draft.network(), *lower)) {
        const LinkOption* other = find(above->options, IFLA_VLAN_ID);
        if (above->kind == "vlan" && draft.present(above->name) != nullptr && other != nullptr &&
            option_number(*other) == option_number(*id) && tag_protocol(above->options) == tag_protocol(wish.options)) {
            draft.complain({ErrorCode::refused,
                            fmt::format("cannot create vlan '{}': '{}' is VLAN {} of '{}' already",
                                        wish.name.str(),
                                        above->name.str(),
                                        option_number(*id).value_or(0),
                                        lower->name.str()),
                            "use that one, or have it deleted (state: absent)"},
                           wish.path + ".vlan.id");
            return false;
        }
    }
    return true;
}

void create(Draft& draft, const DesiredInterface& wish, unsigned number)
{
    if (!is_complete(draft, wish) || !is_free_tag(draft, wish) || !knows_settings(draft, wish, nullptr)) {
        return;
    }
    CreateLink link{.name = wish.name,
                    .kind = *wish.kind,
                    .mac = wish.mac,
                    .mark = draft.birthmark().mark,
                    .mtu = wish.mtu,
                    .lower = wish.lower,
                    .peer = wish.peer,
                    .options = options_of_new(wish)};
    if (!link.mac && *wish.kind == "bridge") {
        link.mac = mac_of_new_bridge(draft, wish, number);
    }
    if (const Link* giver = draft.giver_of(wish.name); giver != nullptr && !link.mtu) {
        link.mtu = giver->mtu;
    }
    if (link.peer) {
        const DesiredInterface* other = draft.wish(*link.peer);
        link.peer_mac = other != nullptr ? other->mac : std::nullopt;
    }
    draft.add(std::move(link), wish.path);
}

bool is_missing(const Draft& draft, const DesiredInterface& wish)
{
    return wish.state == DesiredState::up && !draft.will_exist(wish.name);
}

/// The missing links that one stands on, from itself down; the last one is among them where they form a circle.
std::vector<const DesiredInterface*> missing_below(const Draft& draft, const DesiredInterface& wish)
{
    std::vector<const DesiredInterface*> chain{&wish};
    while (chain.back()->lower) {
        const DesiredInterface* below = draft.wish(*chain.back()->lower);
        if (below == nullptr || draft.will_exist(below->name)) {
            break;
        }
        const bool again = std::ranges::find(chain, below) != chain.end();
        chain.push_back(below);
        if (again) {
            break;
        }
    }
    return chain;
}

void complain_of_circle(Draft& draft, const std::vector<const DesiredInterface*>& chain)
{
    const auto start = std::ranges::find(chain, chain.back());
    std::string text;
    for (auto link = start; link + 1 != chain.end(); ++link) {
        text += fmt::format("'{}' on ", (*link)->name.str());
    }
    draft.complain(
        {ErrorCode::usage,
         fmt::format(
             "cannot create the links that stand on one another in a circle: {}'{}'", text, chain.back()->name.str()),
         "one of them must stand on a link outside of the circle"},
        chain.back()->path);
}

/// What a missing link needs that is not there.
void complain_of(Draft& draft, const DesiredInterface& missing)
{
    const auto chain = missing_below(draft, missing);
    if (std::ranges::find(chain, chain.back()) + 1 != chain.end()) {
        complain_of_circle(draft, chain);
        return;
    }
    const DesiredInterface& wish = *chain.back();  // without it none of the others can be made
    const auto name = wish.name.str();
    if (!wish.kind || wish.kind->empty()) {
        draft.complain({ErrorCode::not_found,
                        fmt::format("cannot set up link '{}': it does not exist", name),
                        "'net-setup show' lists the links; a virtual one is made where its type is given"},
                       wish.path);
    } else if (wish.lower) {
        draft.complain(
            {ErrorCode::not_found,
             fmt::format(
                 "cannot create {} '{}': the link below it, '{}', does not exist", *wish.kind, name, wish.lower->str()),
             "'net-setup show' lists the links"},
            wish.path);
    } else {
        draft.complain(
            {ErrorCode::usage,
             fmt::format("cannot create {} '{}': {}",
                         *wish.kind,
                         name,
                         *wish.kind == "veth" ? "its other end has no name" : "the link below it is not named"),
             *wish.kind == "veth" ? "name it with veth: {peer: NAME}" : "name it with base-iface: NAME"},
            wish.path);
    }
}

bool can_be_made(const Draft& draft, const DesiredInterface& wish)
{
    if (!wish.kind || wish.kind->empty()) {
        return false;
    }
    if (*wish.kind == "vlan" || wish.lower) {
        return wish.lower && draft.will_exist(*wish.lower);
    }
    return *wish.kind != "veth" || wish.peer;
}

}  // namespace

void silence(Draft& draft, const Link& link, const KeyPath& origin)
{
    for (const Route& route : draft.network().routes) {
        if (route.link != link.index) {
            continue;
        }
        const auto goes = [&](const Route& way) {
            const Link* other = find(draft.network(), way.link);
            return way.link == link.index || (other != nullptr && draft.is_leaving(other->name));
        };
        take_away(draft, route, origin, goes);
    }
    // Newest first: the kernel takes the secondary addresses away together with their primary one.
    for (auto address = link.addresses.rbegin(); address != link.addresses.rend(); ++address) {
        if (!address->is_ipv6_link_local()) {
            draft.add(RemoveAddress{link.name, *address}, origin);
        }
    }
    if (const Link* master = draft.master_of(link)) {
        draft.add(Release{link.name, master->name}, origin);
    }
    if (link.up) {
        draft.add(SwitchDown{link.name}, origin);
    }
}

void dismantle(Draft& draft, const Link& link, const KeyPath& origin)
{
    if (draft.present(link.name) == nullptr || !draft.sound()) {
        return;
    }
    if (link.is_tap() || link.kind == "macvtap") {
        draft.complain({ErrorCode::refused,
                        fmt::format("cannot delete link '{}': a VM may be connected to it", link.name.str()),
                        "stop the VM; its hypervisor removes the link"},
                       origin);
        return;
    }
    // The kernel deletes those on top together with it.
    const Link* peer = peer_of(draft.network(), link);
    for (const Link* end : {&link, peer}) {
        for (const Link* above : end != nullptr ? links_above(draft.network(), *end) : std::vector<const Link*>{}) {
            dismantle(draft, *above, origin);
        }
    }
    const auto ports = ports_of(draft.network(), link);
    if (!ports.empty() && !links_above(draft.network(), link).empty()) {
        draft.add_deletions();  // without its ports it takes another MAC, and so would what lies on it
    }
    for (const Link* port : ports) {
        if (draft.present(port->name) != nullptr && draft.master_of(*port) != nullptr) {
            draft.add(Release{port->name, link.name}, origin);
        }
    }
    reset(draft, link, origin);
    if (peer != nullptr) {
        reset(draft, *peer, origin);
    }
    draft.doom(link, origin);
}

void plan_deletions(Draft& draft)
{
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        const bool to_go = wish.state == DesiredState::absent || wish.state == DesiredState::down;
        const Link* link = to_go ? draft.present(wish.name) : nullptr;
        if (link == nullptr) {
            continue;
        }
        if (is_virtual(*link)) {
            dismantle(draft, *link, wish.path);
        } else {
            silence(draft, *link, wish.path);
        }
    }
    draft.add_deletions();
}

void plan_creations(Draft& draft)
{
    unsigned number = 0;
    bool progress = true;
    while (progress && draft.sound()) {
        progress = false;
        for (const DesiredInterface& wish : draft.wanted().interfaces) {
            if (draft.sound() && is_missing(draft, wish) && can_be_made(draft, wish)) {
                create(draft, wish, number++);
                progress = true;
            }
        }
    }
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (draft.sound() && is_missing(draft, wish)) {
            complain_of(draft, wish);
        }
    }
}

}  // namespace kvmkit::net
