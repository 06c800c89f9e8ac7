// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/proof.hpp"

#include <string>
#include <vector>

namespace kvmkit::kvm {

/// The capabilities that QEMU wants and KVM says it lacks, by their names in linux/kvm.h: "KVM_CAP_IRQFD".
std::vector<std::string> missing_capabilities(const Capabilities& capabilities);

}  // namespace kvmkit::kvm
