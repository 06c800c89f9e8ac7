// SPDX-License-Identifier: Apache-2.0
#include "check/documentation.hpp"

namespace kvmkit {
namespace {

constexpr std::string_view nothing = "Nothing to mend.";
constexpr std::string_view never = "Nothing fails by it.";

constexpr std::array rows{
    CheckDocumentation{
        "cpu.heterogeneous",
        "Have all CPUs the same flags?",
        "The line flags of each CPU in /proc/cpuinfo. That some CPUs have vmx or svm and others lack it is "
        "warned of; other differences are told.",
        "Only a warning: KVM's module cannot load where one CPU lacks virtualization.",
        "New firmware; virtualization switched on for every CPU in its setup.",
        {"S2", "S3"}},
    CheckDocumentation{"cpu.slat",
                       "Does the CPU translate guests' addresses by itself (EPT, NPT)?",
                       "The flags ept or npt in /proc/cpuinfo.",
                       "Only a warning: KVM keeps page tables for its guests, which are slower, most of all with many "
                       "processes.",
                       "In a VM the operator of the hypervisor below; on hardware a CPU made after 2008.",
                       {"S17"}},
    CheckDocumentation{"cpu.vmx_caps",
                       "What can this CPU's VMX do?",
                       "The line \"vmx flags\" of /proc/cpuinfo, since Linux 5.9.",
                       never,
                       nothing,
                       {"S16"}},
    CheckDocumentation{
        "cpu.address_bits",
        "How wide are the CPU's addresses?",
        "The line \"address sizes\" of /proc/cpuinfo.",
        "Nothing fails by it. A guest cannot have more memory than physical addresses reach, and moves only "
        "to a host whose addresses are as wide.",
        nothing},
    CheckDocumentation{
        "cpu.tsc",
        "Does the CPU's clock run evenly?",
        "The flags constant_tsc and nonstop_tsc in /proc/cpuinfo. Skipped where one is missing: guests then "
        "take the time from kvm-clock.",
        never,
        nothing,
        {"S32"}},
    CheckDocumentation{
        "cpu.vulnerabilities",
        "Can a guest read by a flaw of the CPU what is not its own?",
        "Of /sys/devices/system/cpu/vulnerabilities those that guests could use: itlb_multihit, l1tf, mds, "
        "mmio_stale_data, tsx_async_abort, vmscape. SMT alone is not warned of. Skipped in a VM, whose hypervisor has "
        "to "
        "see to it.",
        "Only a warning: it matters where guests are not trusted.",
        "The CPU's microcode and a new kernel; mitigations=off taken off the kernel's command line."},
    CheckDocumentation{
        "kvm.blacklist",
        "Does a rule of modprobe keep KVM's modules out?",
        "Lines \"blacklist\" and \"install ... /bin/false\" about kvm and this CPU's module in *.conf below "
        "/etc/modprobe.d, /run/modprobe.d and /usr/lib/modprobe.d. Passes where the module is in the kernel "
        "all the same.",
        "Only a warning: KVM is not loaded at boot.",
        "The line taken out, and modprobe.",
        {"S1", "S10"}},
    CheckDocumentation{"kvm.cmdline",
                       "Was the kernel started so that KVM stays out?",
                       "/proc/cmdline: module_blacklist= and modprobe.blacklist= that name KVM's modules, "
                       "kvm-arm.mode=none, nomodule, clearcpuid=vmx and =svm. Passes where KVM works all the same.",
                       "Only a warning: there is no /dev/kvm.",
                       "The word taken off the command line, and a new start.",
                       {"S1", "S20"}},
    CheckDocumentation{
        "kvm.caps",
        "Can KVM do what QEMU wants of it?",
        "ioctl KVM_CHECK_EXTENSION for memory regions, in-kernel interrupt controllers, irqfd, ioeventfd and "
        "immediate exits.",
        "Only a warning: QEMU ends at its start, or guests are slow.",
        "A newer kernel, here or on the hypervisor below."},
    CheckDocumentation{"kvm.max_vcpus",
                       "How many vCPUs may a guest have?",
                       "KVM_CAP_MAX_VCPUS and KVM_CAP_NR_VCPUS by KVM_CHECK_EXTENSION.",
                       never,
                       nothing},
    CheckDocumentation{"kvm.stats",
                       "By which counters can guests be watched?",
                       "KVM_CAP_BINARY_STATS_FD by KVM_CHECK_EXTENSION, since Linux 5.14; the files of "
                       "/sys/kernel/debug/kvm, which only root may see.",
                       never,
                       nothing},
    CheckDocumentation{"kvm.nx_huge_pages",
                       "Does KVM split huge pages that guests execute?",
                       "/sys/module/kvm/parameters/nx_huge_pages; the kernel chooses by the CPU.",
                       "Nothing fails by it. Split pages cost some speed, and save the host from a machine check (iTLB "
                       "multihit).",
                       nothing},
    CheckDocumentation{
        "fw.kernel_log",
        "Does the kernel say that the firmware keeps virtualization off?",
        "The lines of the kernel's log (/dev/kmsg) that 'kvm-check explain' knows for it, such as \"disabled by bios\" "
        "and \"VMX not enabled (by BIOS)\". Skipped where the log cannot be read, as by most users; passes where KVM "
        "works all the same.",
        "KVM's module cannot load, although the CPU may still show its flag, as AMD's does on older kernels.",
        "The firmware setup, then power off and on.",
        {"S2", "S3"}},
    CheckDocumentation{
        "fw.txt",
        "Does the firmware allow VMX in the way in which this kernel was started?",
        "MSR 0x3a as in fw.lock_msr: bit 1 allows VMX after a measured launch (Intel TXT, tboot), bit 2 without one. "
        "A measured launch shows by tboot's lines in the kernel's log, and by /sys/kernel/debug/x86/tboot_log. Intel "
        "only.",
        "Only a warning: no KVM guest can run.",
        "The firmware setup: VT-x also outside of TXT, or TXT off.",
        {"S2"}},
    CheckDocumentation{"fw.lock_msr",
                       "Did the firmware switch virtualization off?",
                       "MSR 0x3a (Intel) or 0xc0010114 (AMD) of CPU 0 by /dev/cpu/0/msr, for root and where the module "
                       "msr is loaded; it "
                       "is not loaded for it. Skipped elsewhere: cpu.virt_ext tells without it.",
                       "Only a warning: no KVM guest can run.",
                       "The firmware setup, then power off and on.",
                       {"S2", "S3"}},
    CheckDocumentation{
        "fw.lockdown",
        "Is the kernel locked down, as Secure Boot makes it?",
        "/sys/kernel/security/lockdown.",
        "Nothing fails by it. KVM works; MSRs and kernel memory cannot be read, and unsigned modules cannot be "
        "loaded.",
        nothing},
    CheckDocumentation{
        "mem.available",
        "Is there memory for a guest of 1 GiB?",
        "MemAvailable of /proc/meminfo, and what the control groups of this process leave: memory.max, less "
        "what is used and cannot be given back.",
        "Only a warning: guests do not start, or the kernel ends processes.",
        "Fewer or smaller guests; the bound of the session or container.",
        {"S27"}},
    CheckDocumentation{"mem.hugepages",
                       "Are huge pages set aside, and are transparent ones used?",
                       "HugePages_Total and HugePages_Free of /proc/meminfo, "
                       "/sys/kernel/mm/transparent_hugepage/enabled.",
                       never,
                       nothing,
                       {"S27"}},
    CheckDocumentation{
        "mem.memlock",
        "May this user lock a guest's memory?",
        "\"Max locked memory\" of /proc/self/limits. Passes for root. Skipped where it is bounded, as it is on "
        "most hosts: libvirt raises it for its guests.",
        "Only who requires it: guests that this user starts by QEMU itself get no devices of the host.",
        "A file in /etc/security/limits.d, and a new login.",
        {"S27"}},
    CheckDocumentation{"mem.overcommit",
                       "Does the kernel promise guests the memory they ask for?",
                       "/proc/sys/vm/overcommit_memory; where it is 2, CommitLimit and Committed_AS of /proc/meminfo.",
                       "Only a warning, where less than 1 GiB may still be promised: QEMU cannot set up guest memory.",
                       "vm.overcommit_memory=0, or a larger vm.overcommit_ratio.",
                       {"S27"}},
    CheckDocumentation{
        "mem.ksm", "Does the kernel merge equal pages of guests?", "/sys/kernel/mm/ksm/run.", never, nothing},
    CheckDocumentation{
        "cg.controllers",
        "Can libvirt bound its guests by control groups?",
        "/sys/fs/cgroup/cgroup.controllers, where there is none /proc/cgroups: cpu, cpuset, memory, io (blkio "
        "in version 1) and pids. Devices are looked at by cg.devices.",
        "Only who requires it: guests run, without bounds.",
        "cgroup_disable= taken off the kernel's command line; a container is given them where it is started."},
    CheckDocumentation{
        "cg.devices",
        "Do control groups let guests have /dev/kvm?",
        "In version 1: devices.list of this process's group and of machine.slice, or machine, where libvirt puts its "
        "guests; 10:232 must be among them. Skipped in version 2, which keeps no list that could be read.",
        "Only a warning: what runs in that group cannot open /dev/kvm (EPERM).",
        "DeviceAllow= of the unit, cgroup_device_acl of /etc/libvirt/qemu.conf, the container's list of devices.",
        {"S9"}},
    CheckDocumentation{"limits.pids",
                       "May QEMU start its threads?",
                       "pids.max less pids.current of this process's control groups, \"Max processes\" of "
                       "/proc/self/limits.",
                       "Only a warning, below 64: guests end at their start or under load.",
                       "TasksMax of the service, --pids-limit of the container, nproc of the user."},
    CheckDocumentation{
        "limits.nofile",
        "May QEMU open its files?",
        "\"Max open files\" of /proc/self/limits; the upper bound counts, with QEMU before 9.0 the lower "
        "one, which such a QEMU does not raise.",
        "Only a warning, below 1024: guests with many disks or queues do not start.",
        "nofile in /etc/security/limits.conf, and a new login."},
    CheckDocumentation{
        "time.clocksource",
        "Does the kernel read the time from the TSC?",
        "/sys/devices/system/clocksource/clocksource0: hpet, acpi_pm and jiffies on hardware are warned of.",
        "Only a warning: guests cannot read the time without leaving to the host, and their clocks are less even.",
        "clocksource= or tsc= taken off the kernel's command line; else new firmware.",
        {"S32"}},
    CheckDocumentation{"numa.balancing",
                       "Does the kernel move memory between NUMA nodes?",
                       "/proc/sys/kernel/numa_balancing and the nodes in /sys/devices/system/node.",
                       "Nothing fails by it. Guests that are pinned to a node need none of it.",
                       nothing},
    CheckDocumentation{"iommu.acpi",
                       "Does the firmware offer an IOMMU?",
                       "The names in /sys/firmware/acpi/tables: DMAR is Intel's, IVRS AMD's, IORT Arm's, VIOT the "
                       "virtual one. Skipped "
                       "where none is, as nobody needs it to run guests.",
                       "Only who requires it (--for passthrough): no device of the host can be given to a guest.",
                       "VT-d or IOMMU in the firmware setup; in a VM a virtual IOMMU, where the VM is run.",
                       {"S28"}},
    CheckDocumentation{"iommu.enabled",
                       "Does the kernel use the IOMMU?",
                       "/sys/class/iommu and /sys/kernel/iommu_groups; where they are empty, intel_iommu=, amd_iommu= "
                       "and iommu= on the "
                       "kernel's command line. Skipped where it is not used.",
                       "Only who requires it (--for passthrough): VFIO says that the IOMMU appears to be disabled.",
                       "intel_iommu=on on the kernel's command line, or what switches it off taken out.",
                       {"S28"}},
    CheckDocumentation{
        "iommu.groups",
        "Does the IOMMU keep devices apart?",
        "The number of groups in /sys/kernel/iommu_groups. The devices of one group can only be given away "
        "together.",
        "Only who requires it (--for passthrough): there is no group to give to VFIO.",
        "What iommu.enabled says.",
        {"S28"}},
    CheckDocumentation{
        "iommu.interrupt_remap",
        "Does the IOMMU keep devices' interrupts apart?",
        "Chips of the first interrupts in /sys/kernel/irq, whose names then begin with IR-; lines of the kernel's log "
        "in "
        "recordings; vfio_iommu_type1's parameter allow_unsafe_interrupts. Skipped where no IOMMU is used.",
        "A warning where unsafe interrupts are allowed: a guest with a device can disturb the host. Without remapping "
        "VFIO "
        "refuses.",
        "Interrupt remapping and x2APIC in the firmware setup.",
        {"S28"}},
    CheckDocumentation{"vfio.modules",
                       "Has the kernel VFIO for PCI devices?",
                       "/sys/module/vfio_pci, else the lists of modules in /lib/modules.",
                       "Only who requires it (--for passthrough): no device can be given to a guest.",
                       "A kernel with CONFIG_VFIO_PCI.",
                       {"S28"}},
};

}  // namespace

std::span<const CheckDocumentation> resource_documentation()
{
    return rows;
}

}  // namespace kvmkit
