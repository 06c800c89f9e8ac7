// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/cpu.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// What this system runs on.
enum class Underlay {
    hardware,
    kvm,
    tcg,
    vmware,
    virtualbox,
    hyperv,
    wsl,
    azure,
    amazon,
    google,
    xen_dom0,
    xen_guest,
    parallels,
    bhyve,
    openbsd_vmm,
    apple,
    zvm,
    prsm,  ///< A partition of an IBM Z machine: all but hardware, and its CPUs run guests.
    powervm,
    uml,
    unidentified,  ///< A hypervisor that we do not know.
};

/// The stable word of the hypervisor's kind: "vmware", "xen-dom0", "none" on hardware. A cloud has that of the one it
/// uses: "microsoft" is Hyper-V, WSL and Azure.
std::string_view word(Underlay kind) noexcept;

/// For people: "a VMware guest".
std::string_view phrase(Underlay kind) noexcept;

struct UnderlayFacts {
    Underlay kind = Underlay::unidentified;
    std::string evidence;  ///< The file or leaf that told, with its content.
    unsigned depth = 0;    ///< How many hypervisors are known to lie below; 0: the kind tells (see level_of).
};

/// Whether this system has the machine for itself, but perhaps for a hypervisor in firmware: KVM is its own affair.
bool owns_machine(Underlay kind) noexcept;

/// How many hypervisors lie below this system: 0 on hardware.
unsigned level_of(const UnderlayFacts& underlay) noexcept;

/// SMBIOS strings from sys/class/dmi/id; empty where the file is not there.
struct DmiFacts {
    std::string vendor = {};
    std::string product = {};
    std::string asset_tag = {};
    std::string bios_vendor = {};
    std::string board_vendor = {};
    std::string version = {};  ///< product_version
};

/// One device on the PCI bus.
struct PciId {
    unsigned vendor = 0;
    unsigned device = 0;
};

/// The second column of proc/bus/pci/devices. Lines of another shape are passed over.
std::vector<PciId> parse_pci_devices(std::string_view text);

/// "0x80ee" and "0xbeef", as sys/bus/pci/devices/*/{vendor,device} say; absent: no such numbers.
std::optional<PciId> parse_pci_id(std::string_view vendor, std::string_view device);

/// All that can betray an underlay. Nothing in it need be known.
struct UnderlaySources {
    Fact<DmiFacts> dmi{std::nullopt};
    Fact<std::string> xen_capabilities{std::nullopt};  ///< proc/xen/capabilities
    Fact<std::string> hypervisor_type{std::nullopt};   ///< sys/hypervisor/type
    Fact<std::string> kernel_release{std::nullopt};    ///< proc/sys/kernel/osrelease
    Fact<std::string> sysinfo{std::nullopt};           ///< proc/sysinfo of IBM Z
    Fact<std::string> tree_hypervisor{std::nullopt};   ///< proc/device-tree/hypervisor/compatible
    bool lpar = false;                                 ///< proc/device-tree has what PowerVM puts there.
    std::vector<PciId> pci = {};
    Fact<CpuFacts> cpu{std::nullopt};
    Fact<CpuidFacts> cpuid{std::nullopt};
};

/// The cloud whose name DMI bears, for people: "Hetzner Cloud"; empty: none that is known.
std::string_view cloud_of(const DmiFacts& dmi) noexcept;

/// Names the underlay from the strongest witness; absent where no source says anything at all.
Fact<UnderlayFacts> identify_underlay(const UnderlaySources& sources);

}  // namespace kvmkit
