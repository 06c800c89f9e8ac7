// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <string_view>

namespace kvmkit {

/// How this distribution adds a word to the kernel's command line: "intel_iommu=on".
Remedy add_boot_option(const HostFacts& host, std::string_view option);

/// How it takes one out.
Remedy remove_boot_option(const HostFacts& host, std::string_view option);

}  // namespace kvmkit
