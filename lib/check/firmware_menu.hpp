// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

namespace kvmkit {

/// Where the firmware setup of this machine, by its maker, has the switch for VT-x or AMD-V, and what follows.
Remedy firmware_remedy(const HostFacts& host);

}  // namespace kvmkit
