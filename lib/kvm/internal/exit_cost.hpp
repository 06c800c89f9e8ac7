// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/proof.hpp"

#include <chrono>

namespace kvmkit::kvm {

/// What it costs to leave a guest: into the kernel (CPUID) and on to this program (OUT).
struct ExitCosts {
    GuestResult result;
    LoopTime kernel;
    LoopTime user;
};

/// Leaves a guest some sixty times each way; each way may take `budget`.
ExitCosts measure_exits(int device, std::chrono::milliseconds budget);

}  // namespace kvmkit::kvm
