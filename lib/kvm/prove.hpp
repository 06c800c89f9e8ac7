// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"
#include "kvm/isolated.hpp"
#include "kvm/proof.hpp"

#include <string>

namespace kvmkit::kvm {

/// What was seen, and whether the child that saw it came to its end by itself.
struct Proven {
    Proof proof;
    ChildEnd end = ChildEnd::finished;
    int signal = 0;
};

/// How deep to look. Only `nested` lets a guest run a guest of its own: faults in nested virtualization can hang a host
/// (Linux: running-nested-guests.rst).
enum class Depth { plain, nested };

/// Opens the device, makes virtual machines, runs guest code in them and measures it, all in a child that is gone when
/// this returns (but for ChildEnd::unkillable). Needs read and write access to the device. Error: no child could be
/// made.
Result<Proven> prove(const std::string& device, Deadline deadline, Depth depth = Depth::plain);

}  // namespace kvmkit::kvm
