// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/resources.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// Memory, control groups, limits and clocks; the limits are those of this process.
ResourceFacts read_resources(const Root& root);

}  // namespace kvmkit
