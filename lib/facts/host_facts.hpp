// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/container.hpp"
#include "facts/cpu.hpp"
#include "facts/cpu_details.hpp"
#include "facts/iommu.hpp"
#include "facts/kernel_settings.hpp"
#include "facts/kvm.hpp"
#include "facts/libvirt.hpp"
#include "facts/network.hpp"
#include "facts/qemu_install.hpp"
#include "facts/qemu_start.hpp"
#include "facts/resources.hpp"
#include "facts/security.hpp"
#include "facts/underlay.hpp"
#include "facts/user.hpp"

#include <string>
#include <vector>

namespace kvmkit {

/// Everything the checks may look at. Plain data; a single fact may be missing, the whole never is.
struct HostFacts {
    Fact<std::string> arch{std::nullopt};  ///< As `uname -m` spells it.
    Fact<CpuFacts> cpu{std::nullopt};
    Fact<CpuidFacts> cpuid{std::nullopt};
    Fact<UnderlayFacts> underlay{std::nullopt};
    Fact<DmiFacts> dmi{std::nullopt};
    Fact<ContainerFacts> container{std::nullopt};        ///< Absent: none of a container's marks is there.
    Fact<ConfidentialFacts> confidential{std::nullopt};  ///< Absent: nothing says that this is a confidential guest.
    Fact<std::string> distribution{std::nullopt};        ///< ID of etc/os-release: "debian".
    Fact<std::string> kernel{std::nullopt};              ///< proc/sys/kernel/osrelease: "6.1.0-13-amd64".
    Fact<std::vector<std::string>> kernel_log{std::nullopt};  ///< Its lines about virtualization.
    Fact<UserFacts> user{std::nullopt};
    Fact<GroupFacts> kvm_group{std::nullopt};  ///< The group "kvm" of etc/group.
    Fact<QemuStart> qemu_start{std::nullopt};  ///< Absent too where it was not asked for.
    KvmFacts kvm;
    LibvirtFacts libvirt;
    QemuFacts qemu;
    SecurityFacts security;
    NetworkFacts network;
    ConflictFacts conflicts;
    CpuDetails cpu_details;
    IommuFacts iommu;
    KernelFacts kernel_settings;
    ResourceFacts resources;
};

}  // namespace kvmkit
