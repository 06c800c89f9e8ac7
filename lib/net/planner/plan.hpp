// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/model/network.hpp"
#include "net/planner/step.hpp"

#include <optional>
#include <vector>

namespace kvmkit::net {

/// In an order that the kernel accepts; empty: nothing to do.
using Plan = std::vector<Step>;

/// What a bridge made by us is known by.
struct Birthmark {
    MacAddress mac;          ///< Taken where the first port has none to give.
    std::uint32_t mark = 0;  ///< See CreateBridge; not 0.
};

/// A random one. Error only if the kernel gives no random bytes.
Result<Birthmark> new_birthmark();

/// `bridge add`: the bridge is there and up, these links are ports of it and up. What else it has is left alone.
struct BridgeSpec {
    LinkName name;
    std::vector<LinkName> ports = {};
    std::vector<InterfaceAddress> addresses = {};
    std::optional<unsigned> mtu = {};
};

/// The steps that are missing. ErrorCode::refused: it would cut somebody off, or is not ours to change;
/// ErrorCode::not_found: a port does not exist. Pure.
Result<Plan> plan_bridge_add(const Network& network, const BridgeSpec& wanted, const Birthmark& birthmark);

/// `bridge del`.
enum class Taps { keep, release };
struct BridgeRemoval {
    LinkName name;
    Taps taps = Taps::keep;  ///< What becomes of ports that belong to VMs: keep refuses the removal.
};

/// The steps that are missing: the ports are free and as they were, the bridge is gone. Pure.
Result<Plan> plan_bridge_del(const Network& network, const BridgeRemoval& removal);

}  // namespace kvmkit::net
