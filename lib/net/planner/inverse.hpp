// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/step.hpp"

#include <optional>

namespace kvmkit::net {

/// What takes an action back, seen from the state before it; none where the change would be none. A link that exists is
/// named by its index as well, so that another one that got its name is left alone. Pure.
std::optional<Step> inverse_of(const Action& action, const Network& network);

/// Whether the link has that address.
bool has_address(const Link& link, const InterfaceAddress& address);

/// Whether that very route is there: destination, metric, table, way and kind.
bool has_route(const Network& network, const RouteEntry& route);

}  // namespace kvmkit::net
