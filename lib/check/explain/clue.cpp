// SPDX-License-Identifier: Apache-2.0
#include "check/explain/clue.hpp"

#include <array>

namespace kvmkit {
namespace {

constexpr std::array table{
    Clue{"microsoft-standard-WSL", Underlay::wsl},
    Clue{"DMI: Amazon EC2", Underlay::amazon},
    Clue{"DMI: Google Google Compute Engine", Underlay::google},
    Clue{"DMI: VMware", Underlay::vmware},
    Clue{"DMI: innotek GmbH VirtualBox", Underlay::virtualbox},
    Clue{"DMI: Microsoft Corporation Virtual Machine", Underlay::hyperv},
    Clue{"DMI: Xen HVM domU", Underlay::xen_guest},
    Clue{"DMI: Parallels", Underlay::parallels},
    Clue{"DMI: QEMU", Underlay::kvm},
    Clue{"Hypervisor detected: VMware", Underlay::vmware},
    Clue{"Hypervisor detected: Microsoft Hyper-V", Underlay::hyperv},
    Clue{"Hypervisor detected: Xen HVM", Underlay::xen_guest},
    Clue{"Hypervisor detected: KVM", Underlay::kvm},
    Clue{"Hypervisor detected: ", Underlay::unidentified},
};

}  // namespace

std::span<const Clue> clues()
{
    return table;
}

}  // namespace kvmkit
