// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/internal/machine.hpp"

#include <chrono>

namespace kvmkit::kvm {

/// Why the guest was left.
struct Departure {
    enum class Kind { said, halted, ended };
    Kind kind = Kind::ended;
    std::uint64_t word = 0;  ///< Where it said something: what.
    GuestResult result;      ///< Where it ended: how. Never passed; without a time.
};

/// The result of a run that did not begin, since KVM refused a call before it.
GuestResult not_begun(const Refusal& refusal) noexcept;

/// Enters the guest once and stays until it says a word, halts, fails, or `budget` is over.
Departure enter(const Machine& machine, std::chrono::milliseconds budget);

/// 2 + 2 in 16 bit real mode, then a halt.
GuestResult run_real_guest(int device, std::chrono::milliseconds budget);

/// A store through page tables, CPUID, then a halt, in 64 bit long mode.
GuestResult run_long_guest(int device, std::chrono::milliseconds budget);

/// A loop without an end, in 64 bit long mode, that the timer is to end after `patience`: Ended::never_ended then.
GuestResult run_endless_guest(int device, std::chrono::milliseconds patience);

}  // namespace kvmkit::kvm
