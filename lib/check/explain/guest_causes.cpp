// SPDX-License-Identifier: Apache-2.0
#include "check/explain/cause.hpp"

namespace kvmkit {
namespace {

constexpr std::array causes{
    Cause{.symptom = "S12",
          .check = "kvm.msr_writeback",
          .layer = Layer::program,
          .cause = "KVM refuses the register {msr}: the hypervisor below, or this kernel, offers a feature of the CPU "
                   "that it cannot virtualise",
          .fix = "give the guest a named CPU model instead of the host's, which leaves most of such features out; the "
                 "last resort is kvm.ignore_msrs=1 on the kernel's command line",
          .commands = {"qemu-system-x86_64 -accel kvm -cpu qemu64"},
          .refinement = Refinement::msr,
          .patterns = {"failed to set MSR {msr} to", "failed to get MSR {msr}"}},
    Cause{.symptom = "S12",
          .check = "kvm.msr_writeback",
          .layer = Layer::program,
          .follows = true,
          .cause = "KVM refuses a register that QEMU sets; the line before this one names it",
          .fix = "pass that line on as well, or give the guest a named CPU model instead of the host's",
          .commands = {"qemu-system-x86_64 -accel kvm -cpu qemu64"},
          .patterns = {"kvm_buf_set_msrs: Assertion",
                       "kvm_put_msrs: Assertion",
                       "kvm_get_msrs: Assertion",
                       "ret == cpu->kvm_msr_buf->nmsrs",
                       "expected_msrs"}},
    Cause{.symptom = "S16",
          .check = "kvm.run_real",
          .layer = Layer::program,
          .cause = "AMD's CPU refused the state of the guest (VMEXIT_INVALID): mostly in a VM whose hypervisor below "
                   "lacks a part of AMD-V",
          .fix = "update the hypervisor below; meanwhile do without nested paging, or use TCG (-accel tcg)",
          .commands = {"echo 'options kvm_amd npt=0' >/etc/modprobe.d/kvm-entry.conf",
                       "modprobe -r kvm_amd && modprobe kvm_amd"},
          .patterns = {"KVM: entry failed, hardware error 0xffffffff"}},
    Cause{.symptom = "S16",
          .check = "kvm.run_real",
          .layer = Layer::program,
          .cause = "the CPU took the guest's state for invalid (Intel, code 0x80000021): mostly real mode without "
                   "unrestricted guest, or a fault of the hypervisor below or of this kernel",
          .fix = "see whether EPT and unrestricted guest are on: where one is N, have the hypervisor below give it or "
                 "use TCG (-accel tcg); where both are Y, update this kernel and the hypervisor below",
          .commands = {"grep -s . /sys/module/kvm_intel/parameters/ept "
                       "/sys/module/kvm_intel/parameters/unrestricted_guest"},
          .patterns = {"KVM: entry failed, hardware error 0x80000021"}},
    Cause{.symptom = "S16",
          .check = "kvm.run_real",
          .layer = Layer::program,
          .cause =
              "the CPU refused to enter the guest (code {code}): a control that KVM uses is not fully there, mostly "
              "in a VM whose hypervisor below lacks it",
          .fix = "update the hypervisor below; meanwhile do without the control (here unrestricted_guest), or use TCG "
                 "(-accel tcg)",
          .commands = {"echo 'options kvm_intel unrestricted_guest=0' >/etc/modprobe.d/kvm-entry.conf",
                       "modprobe -r kvm_intel && modprobe kvm_intel"},
          .patterns = {"KVM: entry failed, hardware error {code}"}},
    Cause{
        .symptom = "S16",
        .check = "kvm.run_real",
        .layer = Layer::program,
        .cause = "KVM could not run or emulate the guest's code (suberror {code}): mostly real mode without "
                 "unrestricted_guest, or a VM in a VM",
        .fix =
            "see whether the CPU's EPT and unrestricted guest, on AMD NPT, are on; if not, mend the hypervisor below, "
            "or use TCG (-accel tcg)",
        .commands = {"grep -s . /sys/module/kvm_intel/parameters/ept "
                     "/sys/module/kvm_intel/parameters/unrestricted_guest /sys/module/kvm_amd/parameters/npt"},
        .patterns = {"KVM internal error. Suberror: {code}"}},
    Cause{.symptom = "S31",
          .layer = Layer::program,
          .cause = "the guest's CPU model wants features that this host's CPU or KVM lacks ({feature})",
          .fix = "use a model that this host has in full; with libvirt <cpu mode='host-model'/>",
          .commands = {"virsh domcapabilities --virttype kvm | grep -A1 \"usable='no'\""},
          .patterns = {"host doesn't support requested feature: CPUID*.{feature} [bit",
                       "host doesn't support requested feature: MSR({feature})",
                       "Host CPU does not provide required features: {feature}",
                       "guest CPU doesn't match specification: missing features: {feature}",
                       "guest CPU doesn't match specification: extra features: {feature}"}},
    Cause{
        .symptom = "S27",
        .check = "mem.available",
        .layer = Layer::program,
        .cause = "the host has not the memory that the guest wants: too little is free, or the huge pages are used up",
        .fix = "give the guest less memory, or reserve more huge pages if it uses them",
        .commands = {"grep -i -e memavailable -e hugepages /proc/meminfo", "sysctl vm.nr_hugepages=1024"},
        .patterns = {"cannot set up guest memory",
                     "unable to map backing store for guest RAM: Cannot allocate memory",
                     "os_mem_prealloc: Insufficient free host memory pages",
                     "Insufficient free host memory pages available to allocate guest RAM"}},
    Cause{.symptom = "S27",
          .check = "mem.hugepages",
          .layer = Layer::program,
          .cause = "huge pages are asked for, but no file system of that page size is mounted",
          .fix = "reserve and mount them, then restart libvirt",
          .commands = {"sysctl vm.nr_hugepages=1024", "mount -t hugetlbfs hugetlbfs /dev/hugepages"},
          .patterns = {"Unable to find any usable hugetlbfs mount", "hugetlbfs filesystem is not mounted"}},
    Cause{.symptom = "S27",
          .check = "mem.memlock",
          .layer = Layer::program,
          .cause = "a passed-through device needs all guest memory locked, and the limit of locked memory is lower",
          .fix = "raise the limit of the user that runs QEMU; with libvirt set <memtune><hard_limit> in the domain",
          .commands = {"echo '* - memlock unlimited' >/etc/security/limits.d/vfio.conf"},
          .patterns = {"VFIO_MAP_DMA failed: Cannot allocate memory", "RLIMIT_MEMLOCK ({limit}) exceeded"}},
    Cause{
        .symptom = "S28",
        .check = "iommu.enabled",
        .layer = Layer::program,
        .cause = "the IOMMU is off: no device can be passed through",
        .fix =
            "switch on VT-d or AMD-Vi in the firmware, on Intel also on the kernel's command line (GRUB_CMDLINE_LINUX "
            "in /etc/default/grub), then reboot",
        .commands = {"sed -i 's/^GRUB_CMDLINE_LINUX=\"/&intel_iommu=on iommu=pt /' /etc/default/grub",
                     "update-grub || grub2-mkconfig -o /boot/grub2/grub.cfg"},
        .patterns = {"IOMMU appears to be disabled",
                     "no iommu_group found",
                     "host doesn't support passthrough of host PCI devices",
                     "PCI pass-through, IOMMU not present",
                     "DMAR: IOMMU disabled",
                     "No IOMMU found",
                     "host doesn't support VFIO PCI passthrough",
                     "No ACPI DMAR table found, IOMMU",
                     "No ACPI IVRS table found, IOMMU"}},
    Cause{.symptom = "S28",
          .check = "vfio.modules",
          .layer = Layer::program,
          .cause = "there is no /dev/vfio/{group}: the devices of IOMMU group {group} are not bound to vfio-pci",
          .fix = "load vfio-pci and bind them to it; this shows who drives them now",
          .commands = {"modprobe vfio-pci", "ls -l /sys/kernel/iommu_groups/{group}/devices/*/driver"},
          .patterns = {"failed to open /dev/vfio/{group}: No such file or directory",
                       "Could not open '/dev/vfio/{group}': No such file or directory"}},
    Cause{.symptom = "S28",
          .check = "iommu.groups",
          .layer = Layer::program,
          .cause = "other devices in the same IOMMU group ({group}) are still used by the host",
          .fix = "bind every device of the group to vfio-pci, or move the card to a slot with a group of its own",
          .commands = {"ls /sys/kernel/iommu_groups/{group}/devices"},
          .patterns = {"group {group} is not viable"}},
};

}  // namespace

std::span<const Cause> guest_causes()
{
    return causes;
}

}  // namespace kvmkit
