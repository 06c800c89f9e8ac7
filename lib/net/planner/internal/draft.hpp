// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/state_plan.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace kvmkit::net {

/// A plan in the making: what is, what is wished, and the steps so far. Each phase adds its steps or complains; after a
/// complaint no phase runs.
class Draft {
public:
    Draft(const Network& network, const DesiredNetwork& wanted, const Birthmark& birthmark, const Known& known);

    [[nodiscard]] const Network& network() const noexcept { return network_; }
    [[nodiscard]] const DesiredNetwork& wanted() const noexcept { return wanted_; }
    [[nodiscard]] const Birthmark& birthmark() const noexcept { return birthmark_; }
    [[nodiscard]] const Known& known() const noexcept { return known_; }

    /// The link as it is, unless this plan deletes it.
    [[nodiscard]] const Link* present(const LinkName& name) const;
    /// What the state file says of it, if it is to be up.
    [[nodiscard]] const DesiredInterface* wish(const LinkName& name) const;
    /// Whether it is to be deleted, or to carry nothing any more.
    [[nodiscard]] bool is_leaving(const LinkName& name) const;
    [[nodiscard]] bool is_made(const LinkName& name) const { return made_.contains(name); }
    [[nodiscard]] bool will_exist(const LinkName& name) const { return present(name) != nullptr || is_made(name); }

    /// The link whose addresses and routes move to that bridge with the link itself; null: none.
    [[nodiscard]] const Link* giver_of(const LinkName& bridge) const;
    /// Whether the addresses and routes of the link move to its new bridge.
    [[nodiscard]] bool gives(const LinkName& name) const;
    void plan_to_move(const LinkName& bridge, const Link& port) { givers_.emplace(bridge, &port); }

    /// Whether the steps so far remove it.
    [[nodiscard]] bool is_removed(const Route& route) const;
    /// The master that the link has after the steps so far; null: none.
    [[nodiscard]] const Link* master_of(const Link& link) const;

    void add(Action action, const KeyPath& origin);
    /// Notes that a link is to be deleted, which add_deletions() plans behind the steps so far: for many at once the
    /// kernel waits as long as for one, if they are marked for it.
    void doom(const Link& link, const KeyPath& origin);
    void add_deletions();
    void complain(Error error, const KeyPath& at);
    [[nodiscard]] bool sound() const noexcept { return !drafted_.complaint; }
    [[nodiscard]] Drafted take() { return std::move(drafted_); }

private:
    const Network& network_;
    const DesiredNetwork& wanted_;
    const Birthmark& birthmark_;
    const Known& known_;
    void mark_doomed();

    std::map<LinkName, const DesiredInterface*> wishes_;
    std::vector<Step> deletions_;
    std::set<LinkName> made_;
    std::set<LinkName> gone_;
    std::set<LinkName> released_;
    std::map<LinkName, const Link*> givers_;
    Drafted drafted_;
};

/// Which links that the host talks through become ports of bridges that take over what hangs on them.
void find_handovers(Draft& draft);
/// Links that are to go, with what hangs on them, so that all of it can be put back.
void plan_deletions(Draft& draft);
/// Virtual links that are missing, lower ones first.
void plan_creations(Draft& draft);
/// Options, MAC and MTU of links that are there.
void plan_settings(Draft& draft);
/// Which links are ports of which.
void plan_masters(Draft& draft);
/// Options and VLANs of ports, VLANs of bridges, and filtering.
void plan_port_settings(Draft& draft);
/// Addresses of links that are there: those that are missing, then those that are not wished for.
void plan_present_addresses(Draft& draft);
/// Addresses of links that the plan makes.
void plan_new_addresses(Draft& draft);
/// Switches on what is to be up.
void plan_ups(Draft& draft);
void plan_route_removals(Draft& draft);
void plan_routes(Draft& draft);

/// Takes a link apart with all that lies on it, frees its ports, and dooms it.
void dismantle(Draft& draft, const Link& link, const KeyPath& origin);

/// Takes addresses and routes from a link and switches it off.
void silence(Draft& draft, const Link& link, const KeyPath& origin);

/// The other end of a veth, which goes with it; null: none, or not in this network namespace.
const Link* peer_of(const Network& network, const Link& link);

/// Which ways of a route are to go.
using Ways = std::function<bool(const Route&)>;
/// Those through that link.
Ways through(const Link& link);
/// Takes a route away, if no step did so. Of one with several ways those that are to go; the others stay, as a route
/// of their own.
void take_away(Draft& draft, const Route& route, const KeyPath& origin, const Ways& goes);

/// A route of the kernel with its link by name, and with all of its ways.
RouteEntry entry_of(const Network& network, const Route& route);

/// What a port or bridge is to belong to. `pvid`: what a new port belongs to; absent: nothing.
VlanMembership membership_of(const DesiredVlans& wanted, std::optional<VlanId> pvid);

}  // namespace kvmkit::net
