// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "facts/ipv4_claim.hpp"

#include <vector>

namespace kvmkit {

/// Asks the kernel, by netlink, for all addresses of IPv4 and all routes of all tables in this network namespace:
/// gateways are claims of their own, and the default route is only its gateway. Needs no privilege.
Result<std::vector<Ipv4Claim>> ask_ipv4_claims();

}  // namespace kvmkit
