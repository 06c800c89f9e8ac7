// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/iommu.hpp"
#include "system/root.hpp"

#include <string>

namespace kvmkit {

/// Where a module is: in the kernel, or on the disk for it ("vfio_pci").
ModuleState find_module(const Root& root, const std::string& name);

}  // namespace kvmkit
