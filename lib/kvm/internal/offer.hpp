// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/proof.hpp"

namespace kvmkit::kvm {

/// What KVM says it offers its guests for guests of their own. Runs nothing.
Offer ask_offer(int device) noexcept;

}  // namespace kvmkit::kvm
