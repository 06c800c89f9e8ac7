// SPDX-License-Identifier: Apache-2.0
#include "check/documentation.hpp"

namespace kvmkit {
namespace {

constexpr std::array rows{
    CheckDocumentation{
        "underlay.kind",
        "What does this host run on: hardware, or whose hypervisor?",
        "DMI strings in /sys/class/dmi/id, leaf 0x40000000 of CPUID where its hypervisor bit is set, /proc/xen, "
        "/sys/hypervisor/type, the kernel's release name; on IBM Z /proc/sysinfo, on Arm and POWER the device tree. "
        "Where none of them tells and the CPU does not say that it is a real one: the numbers of PCI devices that only "
        "a hypervisor makes, and the names of QEMU's CPUs.",
        "Nothing fails by it. It decides whose job a remedy is: this host's, the hypervisor's operator's, the cloud's.",
        "Nothing to mend."},
    CheckDocumentation{
        "underlay.cloud",
        "Whose cloud is this?",
        "DMI strings in /sys/class/dmi/id: maker, product, version and the chassis' asset tag.",
        "Nothing fails by it. In a cloud nested virtualization is the provider's switch, often a matter of the "
        "instance type.",
        "Nothing to mend."},
    CheckDocumentation{
        "underlay.depth",
        "How many hypervisors lie below this host?",
        "What underlay.kind found: hardware is level 0, a guest level 1 at least; IBM Z's /proc/sysinfo lists all.",
        "Nothing fails by it. Each level costs speed, and what a guest's guest gets depends on all below it.",
        "Nothing to mend."},
    CheckDocumentation{
        "underlay.container",
        "Is this a container, and which?",
        "/run/host/container-manager, /run/systemd/container, /run/.containerenv, /.dockerenv, the variable "
        "'container', the socket of LXD or Incus, /proc/vz and /proc/self/cgroup.",
        "Nothing fails by it. A container has the host's kernel and KVM, but /dev/kvm only where it is given.",
        "Nothing to mend.",
        {"S9"}},
    CheckDocumentation{
        "underlay.xen_dom0",
        "Does another hypervisor own this host, so that KVM cannot?",
        "control_d in /proc/xen/capabilities. A KVM that creates machines is the better witness and passes.",
        "Xen holds VT-x or AMD-V; no KVM guest can run, although the flag of the CPU may show.",
        "Boot the same kernel without Xen.",
        {"S29"}},
    CheckDocumentation{
        "underlay.confidential",
        "Is this a confidential guest (TDX or SEV), which cannot nest?",
        "The CPU's flag tdx_guest, /sys/class/misc/tdx_guest and sev-guest, in recordings the kernel's log. A guest of "
        "SEV without SNP shows none of these on a living host. A KVM that creates machines passes.",
        "No KVM guest can run: the hypervisor below keeps VT-x and AMD-V from a guest whose memory it may not see.",
        "Another type of VM, without confidential computing.",
        {"S22"}},
    CheckDocumentation{
        "underlay.wsl",
        "Is this WSL, and the version of it that has a Linux kernel?",
        "The kernel's release: WSL 1 ends in -Microsoft, WSL 2 names microsoft-standard. Skipped elsewhere.",
        "WSL 1 translates Linux' calls for Windows' kernel: there is no KVM.",
        "Convert the distribution to WSL 2.",
        {"S19"}},
};

}  // namespace

std::span<const CheckDocumentation> underlay_documentation()
{
    return rows;
}

}  // namespace kvmkit
