// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <span>
#include <vector>

namespace kvmkit {

/// The groups of the catalogue, one file each.
std::span<const Check> underlay_checks();
std::span<const Check> cpu_checks();
std::span<const Check> firmware_checks();
std::span<const Check> kvm_checks();
std::span<const Check> guest_checks();
std::span<const Check> nested_checks();
std::span<const Check> libvirt_checks();
std::span<const Check> host_checks();
std::span<const Check> resource_checks();
std::span<const Check> cpu_feature_checks();
std::span<const Check> kernel_checks();
std::span<const Check> iommu_checks();
std::span<const Check> qemu_checks();
std::span<const Check> libvirt_state_checks();
std::span<const Check> confidential_checks();
std::span<const Check> openstack_checks();

/// All checks in the order in which they are judged and reported: what others depend on comes first.
std::vector<Check> catalogue();

}  // namespace kvmkit
