// SPDX-License-Identifier: Apache-2.0
#include "net/planner/internal/draft.hpp"
#include "net/planner/internal/features.hpp"
#include "net/planner/internal/replacement.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

const OptionSpec* spec_of(std::string_view kind, std::uint16_t type)
{
    const auto specs = option_specs(kind);
    const auto found =
        std::find_if(specs.begin(), specs.end(), [type](const OptionSpec& spec) { return spec.type == type; });
    return found != specs.end() ? &*found : nullptr;
}

/// The flags of a VLAN come with a mask: only the bits that a wish names count.
bool same_flags(const LinkOption& now, const LinkOption& wanted)
{
    ifla_vlan_flags told{};
    ifla_vlan_flags wished{};
    if (now.bytes.size() != sizeof(told) || wanted.bytes.size() != sizeof(wished)) {
        return false;
    }
    std::copy(now.bytes.begin(), now.bytes.end(), reinterpret_cast<char*>(&told));
    std::copy(wanted.bytes.begin(), wanted.bytes.end(), reinterpret_cast<char*>(&wished));
    return ((told.flags ^ wished.flags) & wished.mask) == 0;
}

bool same(const OptionSpec* spec, const LinkOption& now, const LinkOption& wanted)
{
    if (now == wanted) {
        return true;
    }
    if (spec != nullptr && spec->form == OptionForm::flags) {
        return same_flags(now, wanted);
    }
    const auto told = option_number(now);
    const auto wished = option_number(wanted);
    // The kernel keeps times in its own ticks: 31.25 s may come back as 31.24 s.
    const bool rounded = spec != nullptr && (spec->form == OptionForm::seconds || spec->form == OptionForm::ticks);
    return rounded && told && wished && (*told > *wished ? *told - *wished : *wished - *told) <= 1;
}

LinkOptions differing(std::string_view kind, const LinkOptions& now, const LinkOptions& wanted)
{
    LinkOptions options;
    for (const LinkOption& wish : wanted) {
        const LinkOption* told = find(now, wish.type);
        if (told == nullptr || !same(spec_of(kind, wish.type), *told, wish)) {
            options.push_back(wish);
        }
    }
    return options;
}

/// What makes a VLAN or VXLAN the one it is: the kernel changes none of it.
bool is_identity(std::string_view kind, std::uint16_t type)
{
    return (kind == "vlan" && (type == IFLA_VLAN_ID || type == IFLA_VLAN_PROTOCOL)) ||
           (kind == "vxlan" && (type == IFLA_VXLAN_ID || type == IFLA_VXLAN_PORT));
}

bool lies_elsewhere(const Network& network, const DesiredInterface& wish, const Link& link)
{
    const int below = link_below(link);
    const Link* lower = below != 0 ? find(network, below) : nullptr;
    return wish.lower && (lower == nullptr || lower->name != *wish.lower);
}

void complain_of_identity(Draft& draft, const DesiredInterface& wish)
{
    const auto below = wish.lower ? wish.lower->str() : std::string{"nothing"};
    draft.complain({ErrorCode::refused,
                    fmt::format("cannot make '{}' anew on '{}', which does not exist yet", wish.name.str(), below),
                    "apply a file that makes that one first"},
                   wish.path);
}

void plan_options(Draft& draft, const DesiredInterface& wish, const Link& link)
{
    auto options = differing(link.kind, link.options, wish.options);
    // What can be made anew is so by now.
    if (differs_in_identity(draft.network(), wish, link)) {
        complain_of_identity(draft, wish);
        return;
    }
    // VLANs are filtered only once the ports belong to theirs: plan_port_settings() does it.
    std::erase_if(options, [&link](const LinkOption& option) {
        return link.is_bridge() && option.type == IFLA_BR_VLAN_FILTERING;
    });
    if (!options.empty() && knows_settings(draft, wish, &link)) {
        draft.add(SetOptions{wish.name, link.kind, std::move(options)}, wish.path);
    }
}

/// How many links are below one, at most.
unsigned depth(const Network& network, const Link& link, unsigned budget = 16)
{
    unsigned below = 0;
    if (budget == 0) {
        return 0;
    }
    const int under = link_below(link);
    if (const Link* lower = under != 0 ? find(network, under) : nullptr) {
        below = 1 + depth(network, *lower, budget - 1);
    }
    for (const Link* port : ports_of(network, link)) {
        below = std::max(below, 1 + depth(network, *port, budget - 1));
    }
    return below;
}

struct MtuChange {
    const DesiredInterface* wish;
    const Link* link;
    unsigned depth;

    [[nodiscard]] bool grows() const { return *wish->mtu > link->mtu; }
};

/// A link may carry no larger packets than those below it: these grow first and shrink last.
void plan_mtus(Draft& draft)
{
    std::vector<MtuChange> changes;
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        const Link* link = wish.state == DesiredState::up ? draft.present(wish.name) : nullptr;
        if (link != nullptr && wish.mtu && *wish.mtu != link->mtu) {
            changes.push_back({&wish, link, depth(draft.network(), *link)});
        }
    }
    std::stable_sort(changes.begin(), changes.end(), [](const MtuChange& a, const MtuChange& b) {
        if (a.grows() != b.grows()) {
            return b.grows();
        }
        return a.grows() ? a.depth < b.depth : a.depth > b.depth;
    });
    for (const MtuChange& change : changes) {
        draft.add(SetMtu{change.wish->name, *change.wish->mtu}, change.wish->path);
    }
}

void plan_ipv6(Draft& draft, const DesiredInterface& wish, const Link* link)
{
    const bool has = link == nullptr || link->ipv6;
    if (wish.ipv6.enabled && *wish.ipv6.enabled != has) {
        draft.add(SetIpv6{wish.name, Ipv6Switch::enabled, *wish.ipv6.enabled}, wish.ipv6.path);
    }
    const bool takes = link == nullptr || link->autoconf;
    if (wish.ipv6.autoconf && *wish.ipv6.autoconf != takes && wish.ipv6.enabled.value_or(true)) {
        draft.add(SetIpv6{wish.name, Ipv6Switch::autoconf, *wish.ipv6.autoconf}, wish.ipv6.path);
    }
}

}  // namespace

bool differs_in_identity(const Network& network, const DesiredInterface& wish, const Link& link)
{
    const auto changed = differing(link.kind, link.options, wish.options);
    return lies_elsewhere(network, wish, link) ||
           std::any_of(changed.begin(), changed.end(), [&link](const LinkOption& option) {
               return is_identity(link.kind, option.type);
           });
}

void plan_settings(Draft& draft)
{
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        if (wish.state != DesiredState::up) {
            continue;
        }
        const Link* link = draft.present(wish.name);
        if (link != nullptr) {
            plan_options(draft, wish, *link);
            if (wish.mac && link->mac != wish.mac) {
                draft.add(SetMac{wish.name, *wish.mac}, wish.path);
            }
        }
        plan_ipv6(draft, wish, link);
    }
    plan_mtus(draft);
}

}  // namespace kvmkit::net
