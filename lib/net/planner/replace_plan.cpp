// SPDX-License-Identifier: Apache-2.0
#include "net/planner/internal/replacement.hpp"

#include "net/planner/expectation.hpp"
#include "net/planner/internal/draft.hpp"
#include "net/planner/inverse.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// Links that are made anew, and what they are to be.
using Renewals = std::map<LinkName, const DesiredInterface*>;

/// What is put back must be known: of other kinds not all that makes them is.
bool can_be_put_back(const Link& link)
{
    return link.kind == "vlan" || link.kind == "vxlan";
}

bool check_above(Draft& draft, const Link& link, const KeyPath& origin)
{
    for (const Link* above : links_above(draft.network(), link)) {
        if (!can_be_put_back(*above)) {
            draft.complain({ErrorCode::refused,
                            fmt::format("cannot make '{}' anew: '{}', a {}, lies on it and could not be put back",
                                        link.name.str(),
                                        above->name.str(),
                                        above->kind),
                            "remove that one first, or give the new link another name"},
                           origin);
            return false;
        }
        if (!check_above(draft, *above, origin)) {
            return false;
        }
    }
    return true;
}

/// The wishes that the kernel fulfils for no link that exists.
Renewals renewals(Draft& draft)
{
    Renewals found;
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        const Link* link = wish.state == DesiredState::up ? draft.present(wish.name) : nullptr;
        const bool same_kind =
            link != nullptr && can_be_put_back(*link) && wish.kind.value_or(link->kind) == link->kind;
        if (!same_kind || !differs_in_identity(draft.network(), wish, *link) ||
            (wish.lower && draft.present(*wish.lower) == nullptr)) {
            continue;
        }
        if (!check_above(draft, *link, wish.path)) {
            return {};
        }
        found.emplace(wish.name, &wish);
    }
    return found;
}

/// Makes what was taken apart whole again, with what is wished for in place of what was there.
class Restorer {
public:
    Restorer(const Network& before, const Renewals& renewals, const Birthmark& birthmark)
        : before_(before), renewals_(renewals), mark_(birthmark.mark)
    {
    }

    /// From the undoing step of one that took something away; absent: it does not come back.
    std::optional<Action> operator()(Action action)
    {
        if (auto* create = std::get_if<CreateLink>(&action)) {
            groups_[create->name] = group_of(create->name);
            create->mark = mark_;
            create->index = 0;
            create->peer_index = 0;
            if (const auto renewal = renewals_.find(create->name); renewal != renewals_.end()) {
                renew(*create, *renewal->second);
            }
        }
        if (auto* up = std::get_if<SwitchUp>(&action); up != nullptr && groups_.contains(up->name)) {
            up->group = groups_.at(up->name);
            groups_.erase(up->name);
        }
        return stays_away(action) ? std::nullopt : std::optional{std::move(action)};
    }

    /// Those that are made and stay switched off are still marked.
    [[nodiscard]] const std::map<LinkName, std::uint32_t>& marked() const { return groups_; }

private:
    [[nodiscard]] std::uint32_t group_of(const LinkName& name) const
    {
        const Link* link = find(before_, name);
        return link != nullptr ? link->group : 0;
    }

    void renew(CreateLink& create, const DesiredInterface& wish) const
    {
        const Link* old = find(before_, create.name);
        const Link* old_lower = old != nullptr ? find(before_, link_below(*old)) : nullptr;
        for (const LinkOption& option : wish.options) {
            std::erase_if(create.options, [&option](const LinkOption& other) { return other.type == option.type; });
            create.options.push_back(option);
        }
        if (wish.lower) {
            create.lower = wish.lower;
        }
        // A VLAN has the MAC of the link below, unless it was given one.
        if (old_lower != nullptr && create.kind == "vlan" && create.mac == old_lower->mac) {
            create.mac.reset();
        }
        const Link* lower = create.lower ? find(before_, *create.lower) : nullptr;
        if (lower != nullptr && create.mtu && create.kind == "vlan") {
            create.mtu = std::min(*create.mtu, lower->mtu);
        }
    }

    /// What a server on the old network gave does not belong to the new one.
    [[nodiscard]] bool stays_away(const Action& action) const
    {
        if (const auto* add = std::get_if<AddAddress>(&action)) {
            const Link* link = find(before_, add->name);
            return link != nullptr && renewals_.contains(add->name) &&
                   std::ranges::find(link->leased, add->address) != link->leased.end();
        }
        const auto* route = std::get_if<AddRoute>(&action);
        return route != nullptr && route->route.link && renewals_.contains(*route->route.link) &&
               (route->route.protocol == RTPROT_RA || route->route.protocol == RTPROT_DHCP);
    }

    const Network& before_;
    const Renewals& renewals_;
    std::uint32_t mark_;
    std::map<LinkName, std::uint32_t> groups_;  ///< That the links made so far are to have.
};

/// Those that were there before lead as many routes as before.
Network with_old_routes(Network after, const Network& before)
{
    for (Link& link : after.links) {
        const Link* old = find(before, link.name);
        if (old != nullptr) {
            link.routes = old->routes;
        }
    }
    return after;
}

}  // namespace

Replaced plan_replacements(const Network& network, const DesiredNetwork& wanted, const Birthmark& birthmark)
{
    const Known nothing;
    Draft draft{network, wanted, birthmark, nothing};
    const auto found = renewals(draft);
    for (const auto& [name, wish] : found) {
        if (const Link* link = draft.present(name)) {
            dismantle(draft, *link, wish->path);
        }
    }
    draft.add_deletions();
    auto drafted = draft.take();
    if (drafted.complaint || drafted.plan.empty()) {
        return {std::move(drafted), {}};
    }
    Expectation expected{network};
    std::vector<Step> back;
    for (const Step& step : drafted.plan) {
        if (auto inverse = inverse_of(step.action, expected.network())) {
            back.push_back({std::move(inverse->action), std::nullopt, step.origin});
        }
        (void)expected.make(step.action);
    }
    Restorer restore{network, found, birthmark};
    std::reverse(back.begin(), back.end());
    for (Step& step : back) {
        if (auto action = restore(std::move(step.action))) {
            (void)expected.make(expected.numbered(*action));
            drafted.plan.push_back({std::move(*action), std::nullopt, step.origin});
        }
    }
    for (const auto& [name, group] : restore.marked()) {
        drafted.plan.push_back({SetGroup{name, group}, std::nullopt, drafted.plan.back().origin});
    }
    return {std::move(drafted), with_old_routes(expected.take(), network)};
}

}  // namespace kvmkit::net
