// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "probe/collect.hpp"

namespace kvmkit {

/// Puts into a recording what the checks of the IOMMU, memory, control groups and the kernel's settings read, where it
/// is no file to be kept as it is: folders by their names, and of lists the lines that matter.
void take_resources(const Root& root, Collection& into);

}  // namespace kvmkit
