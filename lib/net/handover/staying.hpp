// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"
#include "net/model/address.hpp"

#include <optional>
#include <vector>

namespace kvmkit::net {

/// A snapshot without these addresses and what only they are there for: routes and next hops through their networks,
/// routes that have one of them as source, neighbours in their networks. Pure.
Snapshot without_staying(Snapshot snapshot, const std::vector<InterfaceAddress>& staying);

/// The address that a message of the kernel's tells; absent: it tells none. Pure.
std::optional<InterfaceAddress> told_address(const Packet& packet);

}  // namespace kvmkit::net
