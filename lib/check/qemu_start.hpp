// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

namespace kvmkit {

/// Whether QEMU itself starts with the -cpu that is recommended for KVM.
Verdict judge_qemu_start(const HostFacts& host);

}  // namespace kvmkit
