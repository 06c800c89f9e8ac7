// SPDX-License-Identifier: Apache-2.0
#include "facts/underlay.hpp"

namespace kvmkit {

std::string_view word(Underlay kind) noexcept
{
    switch (kind) {
        case Underlay::hardware: return "none";
        case Underlay::kvm: return "kvm";
        case Underlay::tcg: return "qemu";
        case Underlay::vmware: return "vmware";
        case Underlay::virtualbox: return "virtualbox";
        case Underlay::hyperv: return "microsoft";
        case Underlay::wsl: return "microsoft";
        case Underlay::azure: return "microsoft";
        case Underlay::amazon: return "kvm";
        case Underlay::google: return "kvm";
        case Underlay::xen_dom0: return "xen-dom0";
        case Underlay::xen_guest: return "xen";
        case Underlay::parallels: return "parallels";
        case Underlay::bhyve: return "bhyve";
        case Underlay::openbsd_vmm: return "openbsd-vmm";
        case Underlay::apple: return "apple";
        case Underlay::zvm: return "zvm";
        case Underlay::prsm: return "prsm";
        case Underlay::powervm: return "powervm";
        case Underlay::uml: return "uml";
        case Underlay::unidentified: return "unknown";
    }
    return "unknown";
}

std::string_view phrase(Underlay kind) noexcept
{
    switch (kind) {
        case Underlay::hardware: return "real hardware";
        case Underlay::kvm: return "a KVM guest";
        case Underlay::tcg: return "a QEMU guest under TCG emulation";
        case Underlay::vmware: return "a VMware guest";
        case Underlay::virtualbox: return "a VirtualBox guest";
        case Underlay::hyperv: return "a Hyper-V guest";
        case Underlay::wsl: return "WSL on Windows";
        case Underlay::azure: return "an Azure VM";
        case Underlay::amazon: return "an EC2 instance";
        case Underlay::google: return "a Google Cloud VM";
        case Underlay::xen_dom0: return "Xen's control domain (dom0)";
        case Underlay::xen_guest: return "a Xen guest";
        case Underlay::parallels: return "a Parallels guest";
        case Underlay::bhyve: return "a bhyve guest";
        case Underlay::openbsd_vmm: return "a guest of OpenBSD's vmm";
        case Underlay::apple: return "a guest of Apple's Virtualization framework";
        case Underlay::zvm: return "a z/VM guest";
        case Underlay::prsm: return "a partition (LPAR) of an IBM Z machine";
        case Underlay::powervm: return "a partition (LPAR) of PowerVM";
        case Underlay::uml: return "User Mode Linux";
        case Underlay::unidentified: return "a guest of an unknown hypervisor";
    }
    return "a guest of an unknown hypervisor";
}

bool owns_machine(Underlay kind) noexcept
{
    return kind == Underlay::hardware || kind == Underlay::xen_dom0 || kind == Underlay::prsm;
}

unsigned level_of(const UnderlayFacts& underlay) noexcept
{
    const unsigned least = owns_machine(underlay.kind) ? 0 : 1;
    return underlay.depth > least ? underlay.depth : least;
}

}  // namespace kvmkit
