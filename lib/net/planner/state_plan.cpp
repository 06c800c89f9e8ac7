// SPDX-License-Identifier: Apache-2.0
#include "net/planner/state_plan.hpp"

#include "net/planner/internal/draft.hpp"
#include "net/planner/internal/replacement.hpp"
#include "net/planner/port_rules.hpp"
#include "net/resolver/resolver.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// A veth's end is as good as a card: containers know theirs as "eth0".
bool is_of_kind(const Link& link, const std::string& kind)
{
    return link.kind == kind || (kind.empty() && (link.kind == "veth" || link.kind == "tun"));
}

/// The kernel plugs a cable's ends in once and for all.
void check_peer(Draft& draft, const Link& link, const DesiredInterface& wish)
{
    const Link* peer = peer_of(draft.network(), link);
    if (link.kind != "veth" || wish.state != DesiredState::up || !wish.peer ||
        (peer != nullptr && peer->name == *wish.peer)) {
        return;
    }
    draft.complain(
        {ErrorCode::refused,
         fmt::format("cannot connect veth '{}' to '{}': its other end is {}",
                     wish.name.str(),
                     wish.peer->str(),
                     peer != nullptr ? fmt::format("'{}'", peer->name.str()) : "in another network namespace"),
         "have it deleted first (state: absent), or give its other end the new name by hand"},
        wish.path + ".veth.peer");
}

/// What no phase can plan for.
void check_wishes(Draft& draft)
{
    for (const DesiredInterface& wish : draft.wanted().interfaces) {
        const Link* link = find(draft.network(), wish.name);
        if (wish.state == DesiredState::ignore || link == nullptr) {
            continue;
        }
        if (link->loopback) {
            draft.complain(
                {ErrorCode::refused,
                 fmt::format("cannot set up '{}': it is the loopback link, which the kernel keeps and all live by",
                             wish.name.str()),
                 "leave this entry out"},
                wish.path);
        } else if (wish.kind && !is_of_kind(*link, *wish.kind)) {
            draft.complain({ErrorCode::refused,
                            fmt::format("cannot use link '{}' as a {}: it is a {}",
                                        wish.name.str(),
                                        kind_text(*wish.kind),
                                        kind_text(link->kind)),
                            "choose another name, or have it deleted first (state: absent)"},
                           wish.path);
        }
        check_peer(draft, *link, wish);
    }
}

/// The last step: the servers may be reached by the links made before.
void plan_resolver(Draft& draft, const ResolverState* resolver)
{
    const auto& wanted = draft.wanted().resolver;
    if (!wanted || !draft.sound()) {
        return;
    }
    if (resolver == nullptr) {
        draft.complain({ErrorCode::unsupported,
                        "cannot set the name servers of another network namespace",
                        "write /etc/netns/NAME/resolv.conf, and leave dns-resolver out"},
                       wanted->path);
        return;
    }
    if (same_resolver(resolver->now, *wanted)) {
        return;
    }
    if (auto refusal = resolver_refusal(*resolver, *wanted)) {
        draft.complain(std::move(*refusal), wanted->path);
        return;
    }
    draft.add(SetResolver{resolver->bytes, resolver_text(resolver->bytes.value_or(""), *wanted)}, wanted->path);
}

}  // namespace

Draft::Draft(const Network& network, const DesiredNetwork& wanted, const Birthmark& birthmark, const Known& known)
    : network_(network), wanted_(wanted), birthmark_(birthmark), known_(known)
{
    for (const DesiredInterface& wish : wanted.interfaces) {
        wishes_.emplace(wish.name, &wish);
    }
}

const Link* Draft::present(const LinkName& name) const
{
    return gone_.contains(name) ? nullptr : find(network_, name);
}

const DesiredInterface* Draft::wish(const LinkName& name) const
{
    const auto found = wishes_.find(name);
    return found != wishes_.end() && found->second->state == DesiredState::up ? found->second : nullptr;
}

const Link* peer_of(const Network& network, const Link& link)
{
    return link.kind == "veth" && link.lower != 0 ? find(network, link.lower) : nullptr;
}

bool Draft::is_leaving(const LinkName& name) const
{
    const auto found = std::ranges::find(wanted_.interfaces, name, &DesiredInterface::name);
    return found != wanted_.interfaces.end() &&
           (found->state == DesiredState::absent || found->state == DesiredState::down);
}

const Link* Draft::master_of(const Link& link) const
{
    const Link* master = released_.contains(link.name) ? nullptr : find(network_, link.master);
    return master != nullptr && gone_.contains(master->name) ? nullptr : master;
}

const Link* Draft::giver_of(const LinkName& bridge) const
{
    const auto found = givers_.find(bridge);
    return found != givers_.end() ? found->second : nullptr;
}

bool Draft::gives(const LinkName& name) const
{
    return std::ranges::any_of(givers_, [&name](const auto& pair) { return pair.second->name == name; });
}

bool Draft::is_removed(const Route& route) const
{
    const RemoveRoute removal{entry_of(network_, route)};
    return std::ranges::any_of(drafted_.plan, [&removal](const Step& step) {
        const auto* const other = std::get_if<RemoveRoute>(&step.action);
        return other != nullptr && *other == removal;
    });
}

void Draft::add(Action action, const KeyPath& origin)
{
    if (const auto* create = std::get_if<CreateLink>(&action)) {
        made_.insert(create->name);
        if (create->peer) {
            made_.insert(*create->peer);
        }
    }
    if (const auto* release = std::get_if<Release>(&action)) {
        released_.insert(release->port);
    }
    drafted_.plan.push_back({std::move(action), std::nullopt, origin});
}

void Draft::doom(const Link& link, const KeyPath& origin)
{
    gone_.insert(link.name);
    if (const Link* peer = peer_of(network_, link)) {
        gone_.insert(peer->name);
    }
    deletions_.push_back({DeleteLink{link.name, link.kind}, std::nullopt, origin});
}

void Draft::mark_doomed()
{
    constexpr std::size_t worth_it = 8;
    if (deletions_.size() < worth_it) {
        return;
    }
    // Not the mark of what this plan makes.
    const std::uint32_t mark = birthmark_.mark ^ 1U;
    std::map<LinkName, KeyPath> left;
    for (const Step& step : deletions_) {
        const auto& name = std::get<DeleteLink>(step.action).name;
        const Link* link = find(network_, name);
        const Link* peer = link->kind == "veth" ? find(network_, link->lower) : nullptr;
        left.emplace(name, step.origin);
        if (peer != nullptr) {
            left.emplace(peer->name, step.origin);
        }
    }
    for (Step& step : drafted_.plan) {
        auto* down = std::get_if<SwitchDown>(&step.action);
        if (down != nullptr && left.erase(down->name) != 0) {
            down->group = mark;
        }
    }
    for (const auto& [name, origin] : left) {
        drafted_.plan.push_back({SetGroup{name, mark}, std::nullopt, origin});
    }
}

void Draft::add_deletions()
{
    if (sound()) {
        mark_doomed();
        drafted_.plan.insert(drafted_.plan.end(), deletions_.begin(), deletions_.end());
    }
    deletions_.clear();
}

void Draft::complain(Error error, const KeyPath& at)
{
    if (sound()) {
        drafted_ = {{}, Complaint{std::move(error), at}};
    }
}

namespace {

/// What is wished for, and the name servers as they are; null: of another network namespace.
struct Order {
    const DesiredNetwork& wanted;
    const Birthmark& birthmark;
    const Known& known;
};

Drafted plan_on(const Network& network, const Order& order)
{
    constexpr std::array phases{check_wishes,
                                find_handovers,
                                plan_route_removals,
                                plan_deletions,
                                plan_present_addresses,
                                plan_creations,
                                plan_masters,
                                plan_settings,
                                plan_port_settings,
                                plan_new_addresses,
                                plan_ups,
                                plan_routes};
    Draft draft{network, order.wanted, order.birthmark, order.known};
    for (const auto phase : phases) {
        if (draft.sound()) {
            phase(draft);
        }
    }
    plan_resolver(draft, order.known.resolver);
    return draft.take();
}

}  // namespace

Drafted plan_state(const Network& network, const DesiredNetwork& wanted, const Birthmark& birthmark, const Known& known)
{
    const Order order{wanted, birthmark, known};
    auto [drafted, after] = plan_replacements(network, wanted, birthmark);
    if (drafted.complaint || drafted.plan.empty()) {
        return drafted.complaint ? std::move(drafted) : plan_on(network, order);
    }
    auto rest = plan_on(after, order);
    if (rest.complaint) {
        return rest;
    }
    std::ranges::move(rest.plan, std::back_inserter(drafted.plan));
    return std::move(drafted);
}

}  // namespace kvmkit::net
