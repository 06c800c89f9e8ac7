// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/internal/modes.hpp"
#include "kvm/proof.hpp"

#include <chrono>

namespace kvmkit::kvm {

/// A loop in a guest, and how it ended: passed also where the watchdog stopped it, since then its turns were counted.
struct Measured {
    GuestResult result;
    LoopTime time;
};

/// Counts down in a guest, several times until `budget` is over; the fastest time counts.
Measured measure_guest(int device, Ring ring, std::chrono::milliseconds budget);

/// The same loop on the host, as often.
LoopTime measure_host();

}  // namespace kvmkit::kvm
