// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/names.hpp"
#include "net/namespace.hpp"
#include "net/planner/lan_bridge.hpp"
#include "txn/store.hpp"

#include <optional>
#include <string>

namespace kvmkit::net {

/// A card on a bridge, in a network namespace of a boot.
struct Moved {
    LinkName uplink;
    LinkName bridge;
    NetNamespace here;
    std::string boot_id;
};

/// What a bridge had of its own when the newest change that stands moved the card to it. Absent: that change made the
/// bridge, or no change of this boot is known. Pure.
std::optional<EarlierBridge> earlier_bridge(const txn::Inventory& inventory, const Moved& moved);

}  // namespace kvmkit::net
