// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"

namespace kvmkit {

std::vector<Check> catalogue()
{
    std::vector<Check> all;
    for (const auto group : {underlay_checks(),
                             cpu_checks(),
                             cpu_feature_checks(),
                             firmware_checks(),
                             kvm_checks(),
                             kernel_checks(),
                             guest_checks(),
                             nested_checks(),
                             libvirt_checks(),
                             host_checks(),
                             qemu_checks(),
                             libvirt_state_checks(),
                             resource_checks(),
                             iommu_checks(),
                             confidential_checks(),
                             openstack_checks()}) {
        all.insert(all.end(), group.begin(), group.end());
    }
    return all;
}

}  // namespace kvmkit
