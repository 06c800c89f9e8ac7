// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/spec/domain_xml.hpp"
#include "virt/spec/internal/xml.hpp"

namespace kvmkit::virt {

/// The first disk, those beside it, and the seed as the last: what a guest calls them does not depend on the seed.
void add_disks(Node devices, const DomainPlan& plan);

/// Whether there is any disk that an I/O thread serves.
bool has_disks(const DomainPlan& plan);

/// Tells old and small images by the machine's serial number that there is a seed: <sysinfo> of <domain>.
void add_seed_sign(Node domain, const DomainPlan& plan);

}  // namespace kvmkit::virt
