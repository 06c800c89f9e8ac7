// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/launch/step.hpp"

#include <string>
#include <vector>

namespace kvmkit::virt {

/// What one would type to do a step by hand: lines for a shell, of qemu-img, virsh and iproute2. A VM's description is
/// read from NAME.xml, which --print-xml prints. None where no command does it: what goes on in this process alone.
std::vector<std::string> by_hand(const Step& step);

}  // namespace kvmkit::virt
