// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/cpu.hpp"

namespace kvmkit {

/// Asks the CPU that we run on; absent on other architectures than x86.
Fact<CpuidFacts> read_cpuid();

}  // namespace kvmkit
