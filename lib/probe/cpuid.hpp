// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/cpu.hpp"

namespace kvmkit {

/// Asks the CPU that we run on; absent on other architectures than x86.
Fact<CpuidFacts> read_cpuid();

/// The raw leaves that tell of virtualization, for a recording. Serial numbers are not among them.
std::vector<CpuidLeaf> raw_cpuid();

}  // namespace kvmkit
