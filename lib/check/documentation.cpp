// SPDX-License-Identifier: Apache-2.0
#include "check/documentation.hpp"
#include "check/documentation_software.hpp"

#include "check/catalogue.hpp"

#include <algorithm>
#include <initializer_list>
#include <vector>

namespace kvmkit {
namespace {

constexpr std::array other_rows{
    CheckDocumentation{
        "cpu.virt_ext",
        "Does the CPU offer hardware virtualization to this kernel?",
        "The flags vmx and svm in /proc/cpuinfo against CPUID, which the kernel cannot edit. Passes where "
        "KVM works without them (KVM-PVM), and on architectures that show no such flag.",
        "KVM's module for this CPU cannot load: no KVM guest can run. Guests of QEMU's emulator (TCG) can.",
        "On hardware: the firmware setup, then power off and on. In a VM: nested virtualization, which the "
        "operator of the hypervisor below switches on.",
        {"S2", "S3", "S4", "S19"}},
    CheckDocumentation{
        "kvm.module",
        "Is KVM for this CPU in the kernel, built in or loaded?",
        "/sys/module/kvm_intel, kvm_amd, kvm_pvm, on other architectures kvm, kvm_hv or kvm_pr. Passes as "
        "well where KVM creates machines, whatever its module is called.",
        "There is no /dev/kvm, or one that does not open.",
        "modprobe, and a file in /etc/modules-load.d for the next boot; 'host-setup apply' does both.",
        {"S1", "S4", "S5", "S6", "S10", "S20", "S21", "S22"}},
    CheckDocumentation{"kvm.device",
                       "Is /dev/kvm there, and is it KVM's?",
                       "stat(2): a character device with number 10:232.",
                       "Programs find no KVM. Mostly seen in containers that were started without the device.",
                       "Start the container with the device, or make the node with mknod.",
                       {"S1"}},
    CheckDocumentation{
        "kvm.access",
        "May this user open /dev/kvm?",
        "open(2) for reading and writing, and the errno it gives: EACCES is the mode or the group, EPERM a "
        "container's device list, ENODEV a node without a module behind it.",
        "QEMU started by this user falls back to TCG or ends.",
        "The group kvm and a new login; for containers, their device list.",
        {"S7", "S8", "S9", "S10"}},
    CheckDocumentation{
        "kvm.access_persistent",
        "Will this user still be able to open /dev/kvm after udev's next event?",
        "The mode, group and uaccess tag that udev's rules give the node, against the groups of this process and the "
        "user at the seat. Rules that match by more than KERNEL, SUBSYSTEM and ACTION are not looked at. Skipped where "
        "no udev runs.",
        "Only a warning: access given by chmod or setfacl works, and is gone when a package is installed, a device "
        "appears or the host starts anew.",
        "The group kvm and a new login, or a rule in /etc/udev/rules.d.",
        {"S8"}},
    CheckDocumentation{"kvm.api",
                       "Does KVM answer, and with the version that every program expects?",
                       "ioctl KVM_GET_API_VERSION, which is 12 since Linux 2.6.22.",
                       "Something else answers on /dev/kvm, or a sandbox filters the call.",
                       "The kernel's log tells; outside the sandbox it should pass."},
    CheckDocumentation{
        "kvm.create_vm",
        "Does KVM create a virtual machine?",
        "ioctl KVM_CREATE_VM and the errno it gives: EBUSY is another hypervisor, ENOMEM a lack of memory.",
        "No KVM guest can run now.",
        "Stop VirtualBox's or VMware's VMs, or unload their modules.",
        {"S11", "S27"}},
    CheckDocumentation{"kvm.create_vcpu",
                       "Does KVM create a vCPU?",
                       "ioctl KVM_CREATE_VCPU on a new virtual machine, and the errno it gives. Recordings without it "
                       "pass where a guest ran.",
                       "No KVM guest can run, although KVM makes machines.",
                       "The kernel's log tells; ENOMEM is a lack of memory.",
                       {"S27"}},
    CheckDocumentation{
        "kvm.run_real",
        "Does a guest run in 16 bit real mode, in which most machines boot?",
        "A VM of one page of code is made and run in a child process under a watchdog; it must add two "
        "numbers, print the sum and halt.",
        "Firmware and boot loaders fail in the first instructions. A kernel that is started directly may "
        "run.",
        "The hypervisor below, mostly; meanwhile -accel tcg.",
        {"S16"}},
    CheckDocumentation{"kvm.run_long",
                       "Does a guest run in 64 bit mode with paging?",
                       "As kvm.run_real, with page tables, and with the guest's memory looked at afterwards.",
                       "No operating system of today runs as a KVM guest.",
                       "The hypervisor below, mostly; meanwhile -accel tcg.",
                       {"S16"}},
    CheckDocumentation{"kvm.watchdog",
                       "Can a guest be stopped that never leaves by itself?",
                       "A guest of one jump to itself runs until a timer's signal to its thread, after 2 ms, takes it "
                       "out of KVM_RUN.",
                       "A guest that hangs takes a CPU with it, and its program cannot be ended.",
                       "The hypervisor below, mostly; meanwhile -accel tcg."},
    CheckDocumentation{"kvm.guest_speed",
                       "Does the CPU itself run guests, or does KVM emulate them?",
                       "A loop of a guest's kernel is timed against the same loop on the host; the fastest of several "
                       "slices counts, and more than 20 times slower is emulation.",
                       "Guests run, but slower than under QEMU's own emulator (TCG).",
                       "-accel tcg, or a host whose CPU runs guests; under KVM-PVM a guest kernel that is made for it.",
                       {"S17", "S30"}},
    CheckDocumentation{"kvm.msr_writeback",
                       "Does KVM take back the MSRs that it advertises?",
                       "Each MSR of KVM_GET_MSR_INDEX_LIST, and each feature MSR that QEMU writes, is read and written "
                       "back to a vCPU that has all that KVM supports.",
                       "Only a warning: QEMU with -cpu host aborts at its start (failed to set MSR). The hypervisor "
                       "below offers what it cannot do.",
                       "The -cpu of QEMU, or the element of libvirt, that leaves the feature out.",
                       {"S12"}},
    CheckDocumentation{"kvm.exit_cost",
                       "What does it cost to leave a guest?",
                       "A guest is left some sixty times by CPUID and by OUT; CPU time counts.",
                       "Only a warning: beyond 50 us guests are slow at input and output.",
                       "Hardware instead of a guest; fewer hypervisors on top of each other."},
    CheckDocumentation{"nested.param",
                       "May guests run guests of their own?",
                       "/sys/module/kvm_intel/parameters/nested, or kvm_amd's, or kvm's.",
                       "Only a warning: guests see no vmx or svm. Nobody needs it to run the first guest.",
                       "The parameter nested=1 in /etc/modprobe.d, and the module loaded anew while no VM runs.",
                       {"S17", "S18"}},
    CheckDocumentation{"nested.offered",
                       "Does KVM offer its guests virtualization?",
                       "KVM_GET_SUPPORTED_CPUID has vmx or svm, and KVM_CAP_NESTED_STATE is not zero.",
                       "Only a warning: guests cannot use KVM themselves.",
                       "What nested.param says; in a guest, the operator of the hypervisor below.",
                       {"S18"}},
    CheckDocumentation{
        "nested.run",
        "Does a guest's guest run?",
        "Only on request (kvm-check nested --prove): a guest of a few instructions becomes a hypervisor by "
        "VMXON or EFER.SVME, enters a guest of its own, and is told that it came back.",
        "Only a warning: KVM offers nested virtualization, and it does not work.",
        "Another kernel, on this host or on the one below.",
        {"S16", "S18"}},
    CheckDocumentation{"nested.npt",
                       "Does a guest's guest run by AMD's nested paging?",
                       "As nested.run, with a second set of page tables; only where KVM offers it.",
                       "Only a warning: guests that use nested paging for their own guests fail.",
                       "Another kernel, on this host or on the one below; kvm_amd's parameter npt.",
                       {"S16"}},
    CheckDocumentation{
        "nested.slow",
        "Does a guest's guest leave without many exits of the guest?",
        "Intel: shadow_vmcs on the line \"vmx flags\" of /proc/cpuinfo. AMD: the flags v_vmsave_vmload and vgif. And "
        "the module's parameters enable_shadow_vmcs, vls and vgif. Skipped in a VM, to which hypervisors rarely give "
        "them.",
        "Only a warning: guests' guests run, and each of their exits costs many of the guest.",
        "The parameter; else a newer CPU.",
        {"S17"}},
    CheckDocumentation{
        "libvirt.service",
        "Does libvirt's system instance answer: libvirtd, or virtqemud where it is split into many?",
        "The programs and their units, masks and links in /etc/systemd/system, /run/libvirt/virtqemud-sock and "
        "libvirt-sock, and whether connect(2) is taken there. A socket that systemd listens at for a daemon that "
        "sleeps "
        "counts as an answer. On a recorded host: what boot would start.",
        "Only a warning: virsh, virt-manager and vm-run reach no qemu:///system. QEMU by itself needs no libvirt.",
        "The host's service manager; where none runs, as in a container, the daemons by hand.",
        {"S15"}},
    CheckDocumentation{
        "libvirt.group",
        "May this user manage libvirt's system instance?",
        "The groups of this process against the group \"libvirt\" of /etc/group. Passes for root. Groups that only a "
        "directory server knows count if this process has them.",
        "Only a warning: qemu:///system asks for a password or refuses. qemu:///session needs no group.",
        "The group, and a new login.",
        {"S15"}},
    CheckDocumentation{
        "libvirt.qemu_access",
        "May the account that runs libvirt's QEMU open /dev/kvm?",
        "The account is that of /etc/libvirt/qemu.conf (which mostly only root may read), else libvirt-qemu or qemu; "
        "its "
        "groups in /etc/passwd and /etc/group against mode, owner and group of /dev/kvm. Access lists (ACLs) are not "
        "looked at.",
        "Only a warning: VMs of libvirt get no KVM, and as libvirt finds it with its own rights and loses it with "
        "QEMU's, each start of a VM may take a minute.",
        "The group kvm and mode 0660 for the node, which udev sees to on most hosts; the account in that group.",
        {"S7"}},
    CheckDocumentation{"conflict.virtualbox",
                       "Does VirtualBox compete for the CPU's virtualization?",
                       "/sys/module/vboxdrv with its version, and KVM's parameter enable_virt_at_load, which since "
                       "Linux 6.12 makes KVM take the CPU when it is loaded. VirtualBox since 7.2.10 shares it "
                       "then.",
                       "Only a warning: VMs of the one cannot start while the other holds the CPU.",
                       "One of the two at a time: enable_virt_at_load=0, stopped VMs, or vboxdrv unloaded.",
                       {"S11"}},
    CheckDocumentation{"conflict.vmware",
                       "Does VMware Workstation compete for the CPU's virtualization?",
                       "/sys/module/vmmon.",
                       "Only a warning: KVM creates no VM while one of VMware runs.",
                       "One of the two at a time: stopped VMs, or vmmon unloaded.",
                       {"S11"}},
    CheckDocumentation{
        "conflict.other_vmm",
        "Which processes use KVM already?",
        "Where the links of /proc/PID/fd lead: /dev/kvm, or a machine of KVM (anon_inode:kvm-vm). Those of other "
        "users' "
        "processes are for root to see; where none was found and some could not be looked at, the check is skipped.",
        "Nothing fails by it. Their VMs have to end before a module of KVM is loaded anew.",
        "Nothing to mend."},
    CheckDocumentation{"net.tun",
                       "Can guests have tap devices?",
                       "stat(2): /dev/net/tun is a character device with number 10:200.",
                       "Only a warning: guests on a bridge or on a network of libvirt cannot start; QEMU's own user "
                       "network works.",
                       "modprobe tun, or the node; a container is given the device where it is started."},
    CheckDocumentation{"net.vhost_net",
                       "Does the kernel carry the packets of guests?",
                       "/dev/vhost-net; without it, whether the kernel has vhost_net: /sys/module and the lists of "
                       "modules in /lib/modules.",
                       "Only a warning: QEMU carries each packet, which costs throughput and CPU time.",
                       "modprobe vhost_net, and a file in /etc/modules-load.d for the next boot.",
                       {"S24"}},
    CheckDocumentation{
        "net.br_netfilter",
        "Does Docker cut guests on a bridge off the network?",
        "/proc/sys/net/bridge/bridge-nf-call-iptables is 1 and the bridge docker0 is there. Passes where "
        "net.forward_policy found that nothing is dropped by default.",
        "Only a warning: the firewall sees what bridges carry, and Docker mostly has it drop what is "
        "forwarded: VMs get no address and no answer.",
        "A rule in the chain DOCKER-USER that passes the VMs' bridge, or no firewall on bridges.",
        {"S23"}},
    CheckDocumentation{"net.forward_policy",
                       "Does the firewall drop what bridges carry and no rule names?",
                       "Only where bridge-nf-call-iptables is 1, and as root: the policy of the chains that see "
                       "forwarded packets, by 'nft -j list chains' and 'iptables -S FORWARD', and where "
                       "bridge-nf-call-ip6tables is 1 IPv6's by ip6tables. None is asked where that would load a "
                       "module. Rules are not read. Unknown without root or the programs.",
                       "Only a warning: VMs on a bridge get no address and no answer unless a rule lets them pass.",
                       "Rules that pass the VMs' bridge, or no firewall on bridges.",
                       {"S23"}},
};

/// Rows of checks that are not in the catalogue are left out.
std::vector<CheckDocumentation> in_catalogue_order(std::initializer_list<std::span<const CheckDocumentation>> tables)
{
    std::vector<CheckDocumentation> sorted;
    for (const Check& check : catalogue()) {
        for (const auto table : tables) {
            const auto found = std::ranges::find(table, check.id, &CheckDocumentation::id);
            if (found != table.end()) {
                sorted.push_back(*found);
            }
        }
    }
    return sorted;
}

}  // namespace

std::span<const CheckDocumentation> check_documentation()
{
    static const auto sorted =
        in_catalogue_order({other_rows, resource_documentation(), underlay_documentation(), software_documentation()});
    return sorted;
}

std::optional<CheckDocumentation> documentation_of(std::string_view id)
{
    const auto all = check_documentation();
    const auto found = std::ranges::find(all, id, &CheckDocumentation::id);
    return found == all.end() ? std::nullopt : std::optional{*found};
}

}  // namespace kvmkit
