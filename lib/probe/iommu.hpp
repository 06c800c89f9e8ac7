// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/iommu.hpp"
#include "system/root.hpp"

namespace kvmkit {

IommuFacts read_iommu(const Root& root);

}  // namespace kvmkit
