// SPDX-License-Identifier: Apache-2.0
#include "net/handover/earlier_bridge.hpp"

#include "net/domain.hpp"

#include <algorithm>

namespace kvmkit::net {
namespace {

/// The undoing steps of a change that was made there and then.
std::vector<Action> undoing_of(const txn::Record& record, const Moved& moved)
{
    std::vector<Action> actions;
    for (const txn::StepRecord& step : record.steps) {
        const auto place = namespace_of(step.undo);
        auto undo = place && place->is_same(moved.here) ? LinkDomain::decode(step.undo) : Result<Step>{Error{}};
        if (undo) {
            actions.push_back(std::move(undo->action));
        }
    }
    return actions;
}

const Handover* handover_in(const std::vector<Action>& actions, const Moved& moved)
{
    for (const Action& action : actions) {
        const auto* handover = std::get_if<Handover>(&action);
        if (handover != nullptr && handover->port == moved.uplink && handover->bridge == moved.bridge) {
            return handover;
        }
    }
    return nullptr;
}

bool takes_back(const std::vector<Action>& actions, const LinkName& bridge)
{
    return std::ranges::any_of(actions, [&bridge](const Action& action) {
        const auto* remove = std::get_if<DeleteLink>(&action);
        return remove != nullptr && remove->name == bridge;
    });
}

}  // namespace

std::optional<EarlierBridge> earlier_bridge(const txn::Inventory& inventory, const Moved& moved)
{
    for (auto record = inventory.records.rbegin(); record != inventory.records.rend(); ++record) {
        if (!record->stands() || record->owner.boot_id != moved.boot_id) {
            continue;
        }
        const auto actions = undoing_of(*record, moved);
        const Handover* handover = handover_in(actions, moved);
        if (handover == nullptr) {
            continue;
        }
        const bool was_there = handover->direction == Direction::to_port && !takes_back(actions, moved.bridge);
        return was_there ? std::optional{EarlierBridge{handover->stays, handover->bridge_mac}} : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace kvmkit::net
