// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/proof.hpp"

namespace kvmkit::kvm {

/// Asks the open /dev/kvm by KVM_CHECK_EXTENSION.
Capabilities ask_capabilities(int device) noexcept;

}  // namespace kvmkit::kvm
