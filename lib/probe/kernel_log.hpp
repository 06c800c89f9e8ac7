// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"

#include <string>
#include <vector>

namespace kvmkit {

/// The lines of this host's kernel log that speak of virtualization, oldest first, without their time and each once;
/// the last 200 of them. Needs CAP_SYSLOG where kernel.dmesg_restrict is set.
Fact<std::vector<std::string>> read_kernel_log();

}  // namespace kvmkit
