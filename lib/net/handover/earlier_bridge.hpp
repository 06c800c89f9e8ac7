// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/address.hpp"
#include "net/model/names.hpp"
#include "net/namespace.hpp"
#include "txn/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// A card on a bridge, in a network namespace of a boot.
struct Moved {
    LinkName uplink;
    LinkName bridge;
    NetNamespace here;
    std::string boot_id;
};

/// The addresses that a bridge had of its own when the newest change that stands moved the card to it. Absent: that
/// change made the bridge, or no change of this boot is known. Pure.
std::optional<std::vector<InterfaceAddress>> own_addresses_of(const txn::Inventory& inventory, const Moved& moved);

}  // namespace kvmkit::net
