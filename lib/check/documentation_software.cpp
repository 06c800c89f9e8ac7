// SPDX-License-Identifier: Apache-2.0
#include "check/documentation_software.hpp"

namespace kvmkit {
namespace {

constexpr std::array rows{
    CheckDocumentation{"net.vhost_vsock",
                       "Can guests have a socket to the host (vsock)?",
                       "/dev/vhost-vsock is a character device with number 10:241; without it, the module "
                       "vmw_vsock_vmci_transport and the kernel's version.",
                       "Only a warning: VMs with a vsock device cannot start, as in a VM of VMware before Linux 5.5, "
                       "which takes one transport of vsock only.",
                       "The transport of VMware unloaded, vhost_vsock loaded.",
                       {"S25"}},
    CheckDocumentation{"qemu.binary",
                       "Is QEMU for this host's architecture installed?",
                       "qemu-system-ARCH in /usr/bin and /usr/local/bin, /usr/libexec/qemu-kvm, /usr/bin/qemu-kvm, "
                       "/usr/bin/kvm, and NixOS's /run/current-system/sw/bin.",
                       "Only a warning: neither libvirt nor vm-run can run a VM. Other programs that use KVM need no "
                       "QEMU.",
                       "'host-setup apply', or the package of the distribution."},
    CheckDocumentation{
        "qemu.accel",
        "Does QEMU itself start with KVM and the -cpu that is recommended here?",
        "On request (run --deep) QEMU is started paused, with one vCPU and no devices, and told by QMP to end.",
        "libvirt's and everybody's VMs with that -cpu do not start, although KVM works.",
        "What QEMU's own line says: kvm-check explain knows the common ones.",
        {"S12"}},
    CheckDocumentation{"qemu.version",
                       "Which QEMU is it?",
                       "The databases of dpkg, apk and pacman. QEMU itself is not run: that takes longer than all "
                       "checks of files together. Skipped on distributions with rpm, whose database is no text.",
                       "Nothing fails by it.",
                       "Nothing to mend."},
    CheckDocumentation{
        "qemu.firmware",
        "Is there UEFI firmware for guests?",
        "The descriptors in /etc/qemu/firmware and /usr/share/qemu/firmware for this architecture, and whether their "
        "images are there.",
        "Only a warning, and only on architectures whose guests boot by UEFI alone, or where descriptors name images "
        "that are missing.",
        "The package of the firmware: OVMF, AAVMF or edk2."},
    CheckDocumentation{
        "qemu.user",
        "Do the user and the group exist that libvirt is to run QEMU as?",
        "user and group in /etc/libvirt/qemu.conf (which mostly only root may read), /etc/passwd and /etc/group. "
        "Skipped where /etc/nsswitch.conf names a directory service, which is not asked.",
        "Only a warning: libvirt's system instance starts no VM.",
        "Names that exist, or none: libvirt then takes those it was built with."},
    CheckDocumentation{
        "libvirt.caps_stale",
        "Does libvirt know that QEMU can use KVM?",
        "What it noted of the emulators for this architecture in /var/cache/libvirt/qemu/capabilities (which only root "
        "may read), against a /dev/kvm that creates machines.",
        "Only a warning: until libvirt looks again, it refuses VMs of type kvm (could not find capabilities for "
        "domaintype=kvm).",
        "The files removed and the daemon started anew.",
        {"S13"}},
    CheckDocumentation{
        "libvirt.connect",
        "Does libvirt's system instance answer its own library?",
        "The helper libexec/kvmkit/libvirt-facts, which comes with the package kvmkit, calls virConnectOpen; read-only "
        "where this user is neither root nor in the group libvirt, so that no password is asked. It is ended after 2 "
        "s. "
        "Skipped without the helper, and where libvirt.service found nothing that takes a connection.",
        "Only a warning unless it is required (--for libvirt): virsh, virt-manager and vm-run fail.",
        "What the daemon's log says; the daemon started anew.",
        {"S15"}},
    CheckDocumentation{
        "libvirt.domcaps",
        "Does libvirt offer VMs of type kvm?",
        "By the helper, as libvirt.connect: virConnectGetDomainCapabilities for the types kvm and qemu, which libvirt "
        "tells only those who may manage it. Skipped where KVM makes no VM.",
        "Only a warning unless it is required (--for libvirt): VMs of type kvm are refused, although /dev/kvm works.",
        "Access to /dev/kvm for the account of libvirt's QEMU; its cache of capabilities taken away.",
        {"S13"}},
    CheckDocumentation{
        "libvirt.default_net",
        "Has libvirt's network \"default\" its addresses for itself?",
        "The range in /etc/libvirt/qemu/networks/default.xml against the routes of other devices in /proc/net/route. "
        "Routes to more than the range, such as the default route, are no clash.",
        "Only a warning: with the same range, as in a VM that lies on such a network itself, it cannot start.",
        "Another range, by virsh net-edit or net-define."},
    CheckDocumentation{
        "libvirt.apparmor",
        "Can AppArmor confine libvirt's VMs?",
        "/sys/module/apparmor/parameters/enabled, /etc/apparmor.d/libvirt/TEMPLATE.qemu and apparmor_parser. Denials "
        "are in the kernel's log: 'kvm-check explain' reads them.",
        "Only a warning: VMs run without a profile. With one, images outside of the places that it knows are refused.",
        "AppArmor's programs; other places for images in /etc/apparmor.d/local/abstractions/libvirt-qemu.",
        {"S26"}},
    CheckDocumentation{
        "libvirt.selinux",
        "Does SELinux let VMs use their images?",
        "/sys/fs/selinux/enforce; where /var/lib/libvirt/images lies on NFS, CIFS or FUSE by /proc/mounts, the boolean "
        "virt_use_nfs, virt_use_samba or virt_use_fusefs. Labels of single files are not looked at.",
        "Only a warning: VMs with images there do not start.",
        "setsebool -P."},
    CheckDocumentation{"cc.sev",
                       "May guests have memory that their host cannot read (AMD SEV)?",
                       "/sys/module/kvm_amd/parameters/sev. Only on request (--only, --require).",
                       "Nothing fails by it unless it is required: other guests run as they do.",
                       "The firmware setup (SME, SEV), then the parameter sev=1 of kvm_amd."},
    CheckDocumentation{"cc.sev_es",
                       "May guests have their registers hidden, too (AMD SEV-ES)?",
                       "/sys/module/kvm_amd/parameters/sev_es. Only on request, as cc.sev.",
                       "Nothing fails by it unless it is required: other guests run as they do.",
                       "The firmware setup (SEV-ES ASIDs), then the parameter sev_es=1 of kvm_amd."},
    CheckDocumentation{"cc.snp",
                       "May guests have memory that their host cannot change either (AMD SEV-SNP)?",
                       "/sys/module/kvm_amd/parameters/sev_snp. Only on request, as cc.sev.",
                       "Nothing fails by it unless it is required: other guests run as they do.",
                       "The firmware setup (SNP, RMP table), Linux 6.11 or newer, the parameter sev_snp=1 of kvm_amd."},
    CheckDocumentation{"cc.tdx",
                       "May guests be protected by Intel TDX?",
                       "/sys/module/kvm_intel/parameters/tdx. Only on request, as cc.sev.",
                       "Nothing fails by it unless it is required: other guests run as they do.",
                       "The firmware setup (TME, TDX), Linux 6.16 or newer, the parameter tdx=1 of kvm_intel."},
    CheckDocumentation{"cc.s390pv",
                       "May guests be protected by IBM Z's ultravisor?",
                       "/sys/firmware/uv/prot_virt_host. Only on request, as cc.sev.",
                       "Nothing fails by it unless it is required: other guests run as they do.",
                       "prot_virt=1 on the kernel's command line, on a machine that has the feature."},
    CheckDocumentation{
        "openstack.libvirt_version",
        "Is libvirt new enough for nova's libvirt driver?",
        "The number in the name of libvirt.so.0 against MIN_LIBVIRT_VERSION in nova/virt/libvirt/driver.py. Only on "
        "request (--for openstack-compute, --only, --require).",
        "Only a warning unless it is required: nova-compute does not start.",
        "A newer release of the distribution, or an older OpenStack."},
    CheckDocumentation{
        "openstack.qemu_version",
        "Is QEMU new enough for nova's libvirt driver?",
        "What qemu.version found, else what libvirt noted, against MIN_QEMU_VERSION in nova/virt/libvirt/driver.py. "
        "Only on request, as openstack.libvirt_version.",
        "Only a warning unless it is required: nova-compute does not start.",
        "A newer release of the distribution, or an older OpenStack."},
};

}  // namespace

std::span<const CheckDocumentation> software_documentation()
{
    return rows;
}

}  // namespace kvmkit
