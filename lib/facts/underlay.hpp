// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/cpu.hpp"

#include <string>
#include <string_view>

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
    unidentified,  ///< A hypervisor that we do not know.
};

/// The stable word: "vmware", "xen-dom0".
std::string_view word(Underlay kind) noexcept;

/// For people: "a VMware guest".
std::string_view phrase(Underlay kind) noexcept;

struct UnderlayFacts {
    Underlay kind = Underlay::unidentified;
    std::string evidence;  ///< The file or leaf that told, with its content.
};

/// SMBIOS strings from sys/class/dmi/id; empty where the file is not there.
struct DmiFacts {
    std::string vendor;
    std::string product;
    std::string asset_tag;
    std::string bios_vendor = {};
};

/// All that can betray an underlay. Nothing in it need be known.
struct UnderlaySources {
    Fact<DmiFacts> dmi{std::nullopt};
    Fact<std::string> xen_capabilities{std::nullopt};  ///< proc/xen/capabilities
    Fact<std::string> hypervisor_type{std::nullopt};   ///< sys/hypervisor/type
    Fact<std::string> kernel_release{std::nullopt};    ///< proc/sys/kernel/osrelease
    Fact<CpuFacts> cpu{std::nullopt};
    Fact<CpuidFacts> cpuid{std::nullopt};
};

/// Names the underlay from the strongest witness; absent where no source says anything at all.
Fact<UnderlayFacts> identify_underlay(const UnderlaySources& sources);

}  // namespace kvmkit
