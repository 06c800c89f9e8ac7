// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace kvmkit::net {

/// Whether the kernel takes that option (IFLA_BOND_*) of a bond in that mode.
bool bond_option_fits(std::uint16_t type, unsigned mode);

/// "802.3ad, balance-tlb": the modes of an option.
std::string bond_modes_of(std::uint16_t type);

}  // namespace kvmkit::net
