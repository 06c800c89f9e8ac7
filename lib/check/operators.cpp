// SPDX-License-Identifier: Apache-2.0
#include "check/operators.hpp"
#include "check/traits.hpp"
#include "facts/underlay_machine.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

const UnderlayFacts* underlay_of(const HostFacts& host)
{
    return host.underlay && *host.underlay ? &**host.underlay : nullptr;
}

Remedy on_hypervisor(std::string summary, std::vector<std::string> commands = {})
{
    return {std::move(summary), std::move(commands), Where::hypervisor};
}

Remedy in_console(std::string summary, std::vector<std::string> commands = {})
{
    return {std::move(summary), std::move(commands), Where::cloud_console};
}

/// Where others run the host below, no command of its reaches this guest's owner.
Remedy ask_provider(std::string_view cloud)
{
    return in_console(
        fmt::format("nested virtualization is for {} to switch on: ask its support, choose a type of VM that has it, "
                    "or rent a dedicated (bare-metal) server; where it is on, this finds the flag",
                    cloud),
        {"grep -cwE 'vmx|svm' /proc/cpuinfo"});
}

Remedy kvm_operator(const HostFacts& host)
{
    const auto cloud = host.dmi && *host.dmi ? cloud_of(**host.dmi) : std::string_view{};
    if (!cloud.empty()) {
        return ask_provider(cloud);
    }
    const auto module = vendor_module(host);
    return on_hypervisor(
        "allow nesting on the KVM host, give this guest the host's CPU (libvirt: <cpu mode='host-passthrough'/>, QEMU: "
        "-cpu host, Proxmox VE: qm set VMID --cpu host), then power this guest off and on; a hosting provider may have "
        "to do it, or not offer it",
        {fmt::format("echo 'options {} nested=1' >/etc/modprobe.d/kvm-nested.conf", module),
         fmt::format("modprobe -r {0} && modprobe {0}", module)});
}

/// Of its types of instance only some nest, and those only where that was asked for.
Remedy amazon_operator(const HostFacts& host)
{
    if (is_foreign(host)) {
        return in_console("use a *.metal instance type: no other one of this architecture runs KVM");
    }
    return in_console(
        "stop this instance and allow nested virtualization in its CPU options, if its type's processor features list "
        "it (C8i, M8i, R8i and their kin), else change it to such a type, or to *.metal",
        {"aws ec2 modify-instance-cpu-options --instance-id \"ID OF THIS INSTANCE\" --nested-virtualization enabled",
         "aws ec2 describe-instance-types --filters "
         "Name=processor-info.supported-features,Values=nested-virtualization"});
}

/// The operators of hypervisors that few Linux hosts run on.
std::optional<Remedy> rare_operator(Underlay kind)
{
    switch (kind) {
        case Underlay::bhyve: return on_hypervisor("run this host elsewhere: bhyve gives its guests no VT-x or AMD-V");
        case Underlay::openbsd_vmm:
            return on_hypervisor("run this host elsewhere: OpenBSD's vmm gives its guests no VT-x or AMD-V");
        case Underlay::apple:
            return on_hypervisor(
                "on an M3 or later with macOS 15 or later allow nested virtualization for this VM (Lima: "
                "nestedVirtualization: true); older ones cannot do it");
        case Underlay::zvm: return on_hypervisor("let this guest have the machine's interpretive execution (SIE)");
        case Underlay::powervm:
            return on_hypervisor("allow KVM for this partition on the management console: firmware FW1060 or later");
        case Underlay::uml: return on_hypervisor("run KVM on the host: User Mode Linux is a process and has none");
        default: return std::nullopt;
    }
}

}  // namespace

std::optional<Remedy> operator_remedy(const HostFacts& host)
{
    const auto* underlay = underlay_of(host);
    if (underlay == nullptr) {
        return std::nullopt;
    }
    switch (underlay->kind) {
        case Underlay::hardware: return std::nullopt;
        case Underlay::kvm: return kvm_operator(host);
        case Underlay::tcg: return on_hypervisor("start QEMU with -cpu max (it emulates AMD-V) or on a host with KVM");
        case Underlay::vmware:
            return on_hypervisor(
                "power this VM off and tick 'Virtualize Intel VT-x/EPT or AMD-V/RVI' (Workstation, Fusion) or 'Expose "
                "hardware assisted virtualization to the guest OS' (ESXi), which is vhv.enable = \"TRUE\" in its .vmx "
                "file; impossible while Windows below runs Hyper-V or VBS (Memory integrity), and together with PCI "
                "passthrough or vGPU");
        case Underlay::virtualbox:
            return on_hypervisor(
                "power this VM off and allow nesting; impossible where Windows below runs Hyper-V or VBS "
                "(Memory integrity), and with VirtualBox's KVM backend",
                {"VBoxManage modifyvm \"NAME OF THIS VM\" --nested-hw-virt on"});
        case Underlay::hyperv:
            return on_hypervisor(
                "turn this VM off and expose the virtualization extensions (PowerShell, elevated): on Intel since "
                "Windows Server 2016 and Windows 10, on AMD since Server 2022 and Windows 11; guests on a bridge need "
                "MAC spoofing, too",
                {"Set-VMProcessor -VMName \"NAME OF THIS VM\" -ExposeVirtualizationExtensions $true",
                 "Set-VMNetworkAdapter -VMName \"NAME OF THIS VM\" -MacAddressSpoofing On"});
        case Underlay::wsl:
            return on_hypervisor(
                "on Windows 11 write nestedVirtualization=true under [wsl2] in %UserProfile%\\.wslconfig, then restart "
                "WSL; Windows 10 cannot do it",
                {"wsl --shutdown"});
        case Underlay::azure:
            return in_console(
                "resize to a size that offers nested virtualization (Dv3 to Dv5, Ev3 to Ev5, AMD v5) with security "
                "type Standard");
        case Underlay::amazon: return amazon_operator(host);
        case Underlay::google:
            return in_console(
                "use an Intel machine type other than E2 and create the VM with nested virtualization",
                {"gcloud compute instances create NAME --enable-nested-virtualization --min-cpu-platform=\"Intel "
                 "Haswell\""});
        case Underlay::xen_dom0: return std::nullopt;
        case Underlay::xen_guest:
            return on_hypervisor(
                "run this domain as HVM with hap=1 and nestedhvm=1 in its xl.cfg (XCP-ng: the 'nested virtualization' "
                "switch); a PV or PVH domain cannot have it");
        case Underlay::parallels:
            return on_hypervisor("switch on 'Enable nested virtualization' (Hardware, CPU) for this VM");
        case Underlay::bhyve:
        case Underlay::openbsd_vmm:
        case Underlay::apple:
        case Underlay::zvm:
        case Underlay::powervm:
        case Underlay::uml:
        case Underlay::prsm: return rare_operator(underlay->kind);
        case Underlay::unidentified:
            return on_hypervisor("ask the operator of the hypervisor below to expose VT-x or AMD-V to this guest");
    }
    return std::nullopt;
}

bool is_foreign(const HostFacts& host)
{
    return host.arch && *host.arch && !is_x86(**host.arch);
}

bool is_guest(const HostFacts& host)
{
    const auto* underlay = underlay_of(host);
    return underlay != nullptr && !owns_machine(underlay->kind);
}

std::string underlay_name(const HostFacts& host)
{
    const auto* underlay = underlay_of(host);
    if (underlay == nullptr) {
        return "";
    }
    const std::string_view text = phrase(underlay->kind);
    return std::string{text.starts_with("an ") ? text.substr(3) : text.starts_with("a ") ? text.substr(2) : text};
}

std::string underlay_phrase(const HostFacts& host)
{
    const auto* underlay = underlay_of(host);
    return underlay == nullptr ? "" : fmt::format("{} ({})", phrase(underlay->kind), underlay->evidence);
}

}  // namespace kvmkit
