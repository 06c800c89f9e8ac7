// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/internal/draft.hpp"

#include <cstdint>
#include <string_view>

namespace kvmkit::net {

inline constexpr std::string_view vlan_filtering = "CONFIG_BRIDGE_VLAN_FILTERING";

/// The part of the kernel without which it passes over a bridge's option (IFLA_BR_*) and does not tell it; empty: none.
std::string_view feature_of(std::uint16_t type) noexcept;

/// Whether this kernel has all settings that are wished for a bridge, as far as its bridges show. Otherwise complains
/// of the first that it lacks. `link`: the bridge as it is; null: it is new.
bool knows_settings(Draft& draft, const DesiredInterface& wish, const Link* link);

}  // namespace kvmkit::net
