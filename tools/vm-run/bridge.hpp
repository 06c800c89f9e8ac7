// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>

namespace kvmkit::vm_run {

/// Whether the kernel has a bridge of that name: not_found if there is no such link, invalid if it is no bridge.
Result<void> check_bridge(const std::string& name);

}  // namespace kvmkit::vm_run
