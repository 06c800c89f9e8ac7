// SPDX-License-Identifier: Apache-2.0
#include "net/row.hpp"

#include "net/model/overloaded.hpp"
#include "net/planner/expectation.hpp"
#include "net/planner/inverse.hpp"
#include "net/resolver/resolver.hpp"
#include "txn/fault.hpp"

#include <algorithm>
#include <set>

namespace kvmkit::net {
namespace {

/// Groups below belong to users; marks of ours lie above.
constexpr std::uint32_t first_mark = 0x40000000U;

bool holds(const Guard& guard, const Network& network, const Link& link)
{
    const Link* master = find(network, link.master);
    return (guard.index == 0 || guard.index == link.index) && (guard.mark == 0 || guard.mark == link.group) &&
           (!guard.master || (master != nullptr && master->name == *guard.master));
}

/// Options that are so already were never changed, and a kernel that took none of them takes none now.
bool has_all(const LinkOptions& now, const LinkOptions& wanted)
{
    return std::ranges::all_of(wanted, [&now](const LinkOption& option) {
        const LinkOption* told = find(now, option.type);
        return told != nullptr && *told == option;
    });
}

/// Where faults strike at steps, each goes alone.
bool one_by_one()
{
    return txn::fault_armed(txn::Moment::before) || txn::fault_armed(txn::Moment::after);
}

std::set<LinkName> deleted_by(std::span<const Step> steps)
{
    std::set<LinkName> names;
    for (const Step& step : steps) {
        if (const auto* remove = std::get_if<DeleteLink>(&step.action)) {
            names.insert(remove->name);
        }
    }
    return names;
}

}  // namespace

bool goes_alone(const Step& step)
{
    return std::holds_alternative<Handover>(step.action) || std::holds_alternative<SetResolver>(step.action) ||
           std::holds_alternative<SetManaged>(step.action);
}

bool finds_its_change(const Step& step, const Network& network)
{
    const LinkName* name = subject(step.action);
    const Link* link = name != nullptr ? find(network, *name) : nullptr;
    if (std::holds_alternative<CreateLink>(step.action)) {
        return link == nullptr;
    }
    if (name != nullptr && (link == nullptr || !holds(*step.guard, network, *link))) {
        return false;
    }
    const Overloaded still_so{
        [&](const Attach& s) { return link->master == 0 && find(network, s.bridge) != nullptr; },
        [&](const Release& s) {
            const Link* master = find(network, link->master);
            return master != nullptr && master->name == s.bridge;
        },
        [&](const SetOptions& s) { return !has_all(link->options, s.options); },
        [&](const SetPortOptions& s) { return !has_all(link->port_options, s.options); },
        [&](const SetVlans& s) { return link->vlans.value_or(VlanMembership{}) != s.vlans; },
        [&](const AddAddress& s) { return !has_address(*link, s.address); },
        [&](const RemoveAddress& s) { return has_address(*link, s.address); },
        [&](const AddRoute& s) { return !has_route(network, s.route); },
        [&](const RemoveRoute& s) { return has_route(network, s.route); },
        [](const SetResolver& s) { return is_before(s); },
        [](const auto&) { return true; },
    };
    return std::visit(still_so, step.action);
}

/// Packs steps one after the other, each on the network that those before leave.
class Row::Packer {
public:
    Packer(Row& row, std::span<const Step> steps, Network network)
        : row_(row), steps_(steps), expected_(std::move(network)), doomed_(deleted_by(steps))
    {
        row_ = {};
    }

    [[nodiscard]] const Network& network() const { return expected_.network(); }

    /// The links that a step makes get their numbers here: later steps name them so.
    Step numbered(Step step)
    {
        step.action = expected_.numbered(std::move(step.action));
        return step;
    }

    [[nodiscard]] bool is_needed(const Step& step) const { return !step.guard || finds_its_change(step, network()); }

    /// Packs the step of that number. What the row already deletes in one go needs nothing more.
    Result<void> pack_one(const Step& step, std::size_t number)
    {
        row_.steps_.push_back(step);
        if (number < covered_) {
            return {};
        }
        auto parcel = is_needed(step) ? packed(step, number) : Result<Parcel>{Parcel{}};
        if (!parcel) {
            row_.steps_.pop_back();
            return parcel.error();
        }
        covered_ = number + parcel->steps;
        row_.parcels_.push_back(std::move(*parcel));
        return {};
    }

    /// false: what follows must wait for a look at the links.
    bool expect(const Step& step) { return !is_needed(step) || expected_.make(step.action); }

private:
    Result<Parcel> packed(const Step& step, std::size_t number)
    {
        if (const auto* remove = std::get_if<DeleteLink>(&step.action)) {
            const auto together = deleted_together(*remove, number);
            if (together > 1) {
                return pack_deletion_of_group(find(network(), remove->name)->group, together);
            }
        }
        // A link that is deleted in this row goes down with that: one wait of the kernel's less.
        const auto* down = std::get_if<SwitchDown>(&step.action);
        if (down == nullptr || !doomed_.contains(down->name)) {
            return pack(step.action, network());
        }
        auto parcel = down->group ? pack(SetGroup{down->name, *down->group}, network()) : Result<Parcel>{Parcel{}};
        if (parcel) {
            parcel->takes_away = true;
        }
        return parcel;
    }

    /// How many steps from that one on one request can make: it deletes all links of a mark, and no other link has it.
    [[nodiscard]] std::size_t deleted_together(const DeleteLink& first, std::size_t number) const
    {
        const Link* link = find(network(), first.name);
        if (link == nullptr || link->group < first_mark || one_by_one()) {
            return 1;
        }
        std::set<int> going;
        std::size_t count = 0;
        for (const Step& step : steps_.subspan(number)) {
            const auto* remove = std::get_if<DeleteLink>(&step.action);
            const Link* next = remove != nullptr && is_needed(step) ? find(network(), remove->name) : nullptr;
            if (next == nullptr || next->group != link->group) {
                break;
            }
            ++count;
            going.insert(next->index);
            if (next->kind == "veth") {
                going.insert(next->lower);
            }
        }
        const bool only_those = std::ranges::all_of(network().links, [&](const Link& other) {
            return other.group != link->group || going.contains(other.index);
        });
        return only_those ? count : 1;
    }

    Row& row_;
    std::span<const Step> steps_;
    Expectation expected_;
    std::set<LinkName> doomed_;
    std::size_t covered_ = 0;  ///< The steps before this one are packed.
};

Result<std::vector<std::optional<Step>>> Row::pack_changes(std::span<const Step> steps, Network network)
{
    Packer packer{*this, steps, std::move(network)};
    std::vector<std::optional<Step>> inverses;
    inverses.reserve(steps.size());
    for (std::size_t number = 0; number < steps.size(); ++number) {
        const Step step = packer.numbered(steps[number]);
        auto inverse = inverse_of(step.action, packer.network());
        // It is undone only while the link is a port: if attaching it fails, it must not have been made.
        if (inverse && inverse->guard && inverse->guard->master) {
            waiting_.push_back(parcels_.size());
        }
        const bool waits = goes_alone(step);
        auto packed = waits ? Result<void>{} : packer.pack_one(step, number);
        if (!packed && number == 0) {
            return std::move(packed).error();
        }
        if (!packed || waits) {
            break;
        }
        inverses.push_back(std::move(inverse));
        if (!packer.expect(step)) {
            break;
        }
    }
    return inverses;
}

std::size_t Row::pack_undoing(std::span<const Step> steps, Network network)
{
    Packer packer{*this, steps, std::move(network)};
    std::size_t number = 0;
    for (; number < steps.size(); ++number) {
        const Step& step = steps[number];
        if (goes_alone(step) || !packer.pack_one(step, number)) {
            break;
        }
        if (!packer.expect(step)) {
            return number + 1;
        }
    }
    return number;
}

std::size_t Row::next(const RouteSocket& route, std::size_t most) const
{
    if (lost_ || first_ == parcels_.size()) {
        return 0;
    }
    const auto stop = std::ranges::upper_bound(waiting_, first_);
    const auto end = stop != waiting_.end() ? *stop : parcels_.size();
    const auto left = std::span{parcels_}.subspan(first_, end - first_);
    const auto together = left.first(std::min(route.fitting(left), most));
    std::size_t steps = 0;
    for (const Parcel& parcel : together) {
        steps += parcel.steps;
    }
    return steps;
}

std::optional<Row::Failure> Row::make(RouteSocket& route, std::size_t steps)
{
    const auto left = std::span{parcels_}.subspan(first_);
    std::size_t count = 0;
    for (std::size_t covered = 0; covered < steps && count < left.size(); ++count) {
        covered += left[count].steps;
    }
    auto receipt = route.deliver(left.first(count));
    if (!receipt) {
        return Failure{made_, std::move(receipt).error()};
    }
    if (auto& refused = receipt->refused) {
        std::size_t step = made_;
        for (const Parcel& parcel : left.first(refused->parcel)) {
            step += parcel.steps;
        }
        return Failure{step, std::move(refused->error), std::move(refused->attribute), std::move(refused->words)};
    }
    first_ += count;
    made_ += steps;
    lost_ = !receipt->complete;
    return std::nullopt;
}

}  // namespace kvmkit::net
