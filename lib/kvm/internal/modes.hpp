// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/internal/machine.hpp"

namespace kvmkit::kvm {

/// The privilege that guest code runs with.
enum class Ring : std::uint8_t { kernel = 0, user = 3 };

/// The registers that guest code starts with, beyond the mode's own.
struct Start {
    std::uint64_t rcx = 0;
    std::uint64_t rdi = 0;
    std::uint64_t rsi = 0;
};

/// Makes the vCPU start at layout::code in 16 bit real mode.
Attempt<void> enter_real_mode(const Machine& machine);

/// Makes the vCPU start at layout::code in 64 bit long mode: paging on, all memory mapped one to one, and every
/// exception leading to a stub that tells its number, so that a fault can be read instead of being a triple fault.
Attempt<void> enter_long_mode(Machine& machine, Ring ring, const Start& start);

}  // namespace kvmkit::kvm
