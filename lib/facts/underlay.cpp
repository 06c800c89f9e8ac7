// SPDX-License-Identifier: Apache-2.0
#include "facts/underlay.hpp"

#include "base/text.hpp"
#include "facts/underlay_machine.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include <fmt/format.h>

namespace kvmkit {
namespace {

struct DmiRow {
    std::string_view vendor;   ///< What sys_vendor begins with.
    std::string_view product;  ///< What product_name begins with; empty: anything.
    Underlay kind;
};

/// Vendors that also make real machines are told apart by the product. First match counts.
constexpr std::array dmi_rows{
    DmiRow{"VMware", "", Underlay::vmware},
    DmiRow{"innotek GmbH", "", Underlay::virtualbox},
    DmiRow{"Oracle Corporation", "VirtualBox", Underlay::virtualbox},
    DmiRow{"Microsoft Corporation", "Virtual Machine", Underlay::hyperv},
    DmiRow{"Amazon EC2", "", Underlay::amazon},
    DmiRow{"Google", "Google Compute Engine", Underlay::google},
    DmiRow{"Xen", "", Underlay::xen_guest},
    DmiRow{"Parallels", "", Underlay::parallels},
    DmiRow{"QEMU", "", Underlay::kvm},
    DmiRow{"Red Hat", "KVM", Underlay::kvm},
    DmiRow{"Red Hat", "OpenStack", Underlay::kvm},
    DmiRow{"OpenStack Foundation", "", Underlay::kvm},
    DmiRow{"DigitalOcean", "", Underlay::kvm},
    DmiRow{"Hetzner", "vServer", Underlay::kvm},
    DmiRow{"Alibaba Cloud", "", Underlay::kvm},
    DmiRow{"Scaleway", "SCW-", Underlay::kvm},
    DmiRow{"KubeVirt", "", Underlay::kvm},
    DmiRow{"Cloud Hypervisor", "", Underlay::kvm},
    DmiRow{"BHYVE", "", Underlay::bhyve},
    DmiRow{"OpenBSD", "", Underlay::openbsd_vmm},
    DmiRow{"Apple Inc.", "Apple Virtualization", Underlay::apple},
    DmiRow{"Bochs", "", Underlay::unidentified},  // or old firmware of QEMU
};

/// Azure marks its Hyper-V guests with this chassis asset tag.
constexpr std::string_view azure_tag = "7783-7084-3265-9085-8269-3286-77";

struct SignatureRow {
    std::string_view signature;
    Underlay kind;
};

constexpr std::array signature_rows{
    SignatureRow{"KVMKVMKVM", Underlay::kvm},
    SignatureRow{"Linux KVM Hv", Underlay::kvm},
    SignatureRow{"TCGTCGTCGTCG", Underlay::tcg},
    SignatureRow{"VMwareVMware", Underlay::vmware},
    SignatureRow{"VBoxVBoxVBox", Underlay::virtualbox},
    SignatureRow{"Microsoft Hv", Underlay::hyperv},
    SignatureRow{"XenVMMXenVMM", Underlay::xen_guest},
    SignatureRow{"prl hyperv", Underlay::parallels},
    SignatureRow{"LKVMLKVMLKVM", Underlay::kvm},
    SignatureRow{"bhyve bhyve", Underlay::bhyve},
    SignatureRow{"OpenBSDVMM58", Underlay::openbsd_vmm},
    SignatureRow{"Apple VZ", Underlay::apple},
};

/// The value of a fact that is there, or nothing.
template <class T>
const T* known(const Fact<T>& fact)
{
    return fact && *fact ? &**fact : nullptr;
}

std::optional<UnderlayFacts> by_xen(const UnderlaySources& sources)
{
    const auto* capabilities = known(sources.xen_capabilities);
    if (capabilities != nullptr && capabilities->find("control_d") != std::string::npos) {
        return UnderlayFacts{Underlay::xen_dom0, "/proc/xen/capabilities says control_d"};
    }
    const auto* type = known(sources.hypervisor_type);
    if (type != nullptr && trim(*type) == "xen") {
        return UnderlayFacts{Underlay::xen_guest, "/sys/hypervisor/type says xen"};
    }
    return std::nullopt;
}

std::optional<UnderlayFacts> by_kernel(const UnderlaySources& sources)
{
    const auto* release = known(sources.kernel_release);
    if (release == nullptr) {
        return std::nullopt;
    }
    std::string lower{trim(*release)};
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (lower.find("microsoft") == std::string::npos) {
        return std::nullopt;
    }
    return UnderlayFacts{Underlay::wsl, fmt::format("the kernel is {}", trim(*release))};
}

std::optional<UnderlayFacts> by_dmi(const UnderlaySources& sources)
{
    const auto* dmi = known(sources.dmi);
    if (dmi == nullptr) {
        return std::nullopt;
    }
    const auto evidence = fmt::format("DMI says '{}', '{}'", dmi->vendor, dmi->product);
    const auto row = std::ranges::find_if(dmi_rows, [dmi](const DmiRow& candidate) {
        return dmi->vendor.starts_with(candidate.vendor) && dmi->product.starts_with(candidate.product);
    });
    if (row == dmi_rows.end() && dmi->bios_vendor.find("Bochs") != std::string::npos) {  // Bochs' own tells no more
        return UnderlayFacts{Underlay::unidentified,
                             fmt::format("DMI says that the firmware is of '{}'", dmi->bios_vendor)};
    }
    if (row == dmi_rows.end()) {
        return std::nullopt;
    }
    if (row->kind == Underlay::amazon && dmi->product.find(".metal") != std::string::npos) {
        return UnderlayFacts{Underlay::hardware, evidence};
    }
    const bool azure = row->kind == Underlay::hyperv && dmi->asset_tag == azure_tag;
    return UnderlayFacts{azure ? Underlay::azure : row->kind, evidence};
}

std::optional<UnderlayFacts> by_signature(const UnderlaySources& sources)
{
    const auto* cpuid = known(sources.cpuid);
    if (cpuid == nullptr || !cpuid->hypervisor) {
        return std::nullopt;
    }
    const auto row = std::ranges::find_if(signature_rows, [cpuid](const SignatureRow& candidate) {
        return cpuid->signature.starts_with(candidate.signature);
    });
    if (row == signature_rows.end()) {
        return std::nullopt;
    }
    return UnderlayFacts{row->kind, fmt::format("the CPU signs as '{}'", row->signature)};
}

/// Whether the CPU says that it is a virtual one; absent where it cannot say.
std::optional<bool> virtual_cpu(const UnderlaySources& sources)
{
    if (const auto* cpuid = known(sources.cpuid)) {
        return cpuid->hypervisor;
    }
    const auto* cpu = known(sources.cpu);
    const bool x86 = cpu != nullptr && cpu->has_flag("fpu") && !cpu->has_flag("cpucfg");  // which is Loongson's
    return x86 ? std::optional{cpu->has_flag("hypervisor")} : std::nullopt;
}

}  // namespace

Fact<UnderlayFacts> identify_underlay(const UnderlaySources& sources)
{
    const auto signature = by_signature(sources);
    if (signature && signature->kind == Underlay::tcg) {  // DMI would say QEMU, which need not be KVM
        return signature;
    }
    for (const auto witness : {by_uml, by_xen, by_kernel, by_dmi, by_sysinfo, by_device_tree, by_platform}) {
        auto found = witness(sources);
        if (found && !(signature && found->kind == Underlay::unidentified)) {
            return found;
        }
    }
    if (signature) {
        return signature;
    }
    const auto is_virtual = virtual_cpu(sources);
    const bool surely_hardware = known(sources.cpuid) != nullptr && !*is_virtual;
    if (auto weak = surely_hardware ? std::nullopt : by_weak_marks(sources, is_virtual.value_or(false))) {
        return weak;
    }
    if (!is_virtual) {
        return std::optional<UnderlayFacts>{};
    }
    return *is_virtual ? std::optional<UnderlayFacts>{{Underlay::unidentified, "the CPU says that it is a virtual one"}}
                       : std::optional<UnderlayFacts>{{Underlay::hardware, "the CPU does not name a hypervisor"}};
}

}  // namespace kvmkit
