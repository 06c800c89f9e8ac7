// SPDX-License-Identifier: Apache-2.0
// Lines as users posted them, several generations of each, and what is to be said of them.
#include "check/catalogue.hpp"
#include "check/documentation.hpp"
#include "check/explain/explainer.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

LogReport explain(std::string_view log)
{
    Explainer explainer;
    explainer.feed(log);
    return explainer.finish();
}

struct Line {
    std::string_view symptom;
    std::string_view text;
};

// S17 (slow guests of guests) writes nothing into any log.
constexpr std::array lines{
    Line{"S1", "Could not access KVM kernel module: No such file or directory"},
    Line{"S1", "qemu-system-x86_64: failed to initialize KVM: No such file or directory"},
    Line{"S1", "qemu-system-x86_64: -accel kvm: failed to initialize kvm: No such file or directory"},
    Line{"S1", "qemu-system-x86_64: CPU model 'host' requires KVM or HVF"},
    Line{"S1",
         "error: unsupported configuration: Domain requires KVM, but it is not available. Check that virtualization "
         "is enabled in the host BIOS, and host configuration is setup to load the kvm modules."},
    Line{"S1", "Kvm error: Error creating KVM object: No such file or directory (os error 2)"},
    Line{"S1",
         "docker: Error response from daemon: error gathering device information while adding custom device "
         "\"/dev/kvm\": no such file or directory."},
    Line{"S1", "CPU acceleration status: /dev/kvm is not found: VT disabled in BIOS or KVM kernel module not loaded"},
    Line{"S1", "INFO: /dev/kvm does not exist"},
    Line{"S1",
         "KVM is not available. This may mean the KVM package is not installed, or the KVM kernel modules are not "
         "loaded. Your virtual machines may perform poorly."},
    Line{"S1", "modprobe: FATAL: Module kvm_amd not found in directory /lib/modules/5.10.246"},
    Line{"S1", "FATAL: Module kvm_intel not found."},
    Line{"S2", "[    0.135737] x86/cpu: VMX (outside TXT) disabled by BIOS"},
    Line{"S2", "[  808.026917] kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 0"},
    Line{"S2", "[    9.1] kvm: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL"},
    Line{"S2", "kvm_intel: VMX not fully enabled on CPU 0.  Check kernel logs and/or BIOS"},
    Line{"S2", "[  318.117733] kvm: disabled by bios"},
    Line{"S2", "kvm: support for 'kvm_intel' disabled by bios"},
    Line{"S2", "INFO: KVM (vmx) is disabled by your BIOS"},
    Line{"S2", "INFO: KVM is disabled by your BIOS"},
    Line{"S2", "VBoxManage.exe: error: VT-x is disabled in the BIOS for all CPU modes (VERR_VMX_MSR_ALL_VMX_DISABLED)"},
    Line{"S3", "set 16 11:23:21 host kernel: SVM disabled (by BIOS) in MSR_VM_CR"},
    Line{"S3", "[   18.608374] kvm_amd: SVM disabled (by BIOS) in MSR_VM_CR on CPU 3"},
    Line{"S3", "kvm: support for 'kvm_amd' disabled by bios"},
    Line{"S3", "kvm_amd: SVM not supported by CPU 1"},
    Line{"S3", "[    0.830410] kvm_amd: SVM not supported by CPU 2, svm not available"},
    Line{"S3", "kvm: no hardware support for 'kvm_amd'"},
    Line{"S3", "AMD-V is disabled in the BIOS (or by the host OS) (VERR_SVM_DISABLED)"},
    Line{"S4", "modprobe: ERROR: could not insert 'kvm_intel': Operation not supported"},
    Line{"S4", "modprobe: ERROR: could not insert 'kvm_amd': Operation not supported"},
    Line{
        "S4",
        "FATAL: Error inserting kvm_intel (/lib/modules/2.6.24-16-generic/kernel/arch/x86/kvm/kvm-intel.ko): Operation "
        "not supported"},
    Line{"S4", "[783653.034467] kvm: no hardware support"},
    Line{"S4", "kvm: no hardware support for 'kvm_intel'"},
    Line{"S4", "[    0.827800] kvm_intel: VMX not supported by CPU 2"},
    Line{"S4", "INFO: Your CPU does not support KVM extensions"},
    Line{"S4",
         "  QEMU: Checking for hardware virtualization : FAIL (Only emulated CPUs are available, performance will be "
         "significantly limited)"},
    Line{"S4", "VT-x is not available (VERR_VMX_NO_VMX)"},
    Line{"S5", "modprobe: ERROR: could not insert 'kvm_intel': Input/output error"},
    Line{"S6", "[    0.912263] kvm: already loaded vendor module 'kvm_intel'"},
    Line{"S6", "kvm_pvm: already loaded vendor module 'kvm_amd'"},
    Line{"S6", "kvm: already loaded the other module"},
    Line{"S6", "modprobe: ERROR: could not insert 'kvm_intel': File exists"},
    Line{"S7", "Could not access KVM kernel module: Permission denied"},
    Line{"S7", "qemu-system-x86_64: failed to initialize KVM: Permission denied"},
    Line{"S7", "ProbeKVM: This user doesn't have permissions to use KVM (/dev/kvm)."},
    Line{"S7", "Kvm error: Error creating KVM object: Permission denied (os error 13)"},
    Line{"S7",
         "  QEMU: Checking if device /dev/kvm is accessible : FAIL (Check /dev/kvm is world writable or you are in a "
         "group that is allowed to access it)"},
    Line{"S8", "kvm: Setting permissions /dev/kvm, uid=0, gid=993, mode=0660"},
    Line{"S9", "Could not access KVM kernel module: Operation not permitted"},
    Line{"S9", "qemu-system-x86_64: failed to initialize KVM: Operation not permitted"},
    Line{"S10", "Could not access KVM kernel module: No such device"},
    Line{"S10", "qemu-system-x86_64: failed to initialize kvm: No such device"},
    Line{"S11", "ioctl(KVM_CREATE_VM) failed: 16 Device or resource busy"},
    Line{"S11", "qemu-system-x86_64: failed to initialize KVM: Device or resource busy"},
    Line{"S11", "[  227.715299] kvm: enabling virtualization on CPU0 failed"},
    Line{"S11", "kvm: enabling virtualization on CPU7 failed during kvm_starting_cpu()"},
    Line{"S11", "VBoxManage: error: VT-x is being used by another hypervisor (VERR_VMX_IN_VMX_ROOT_MODE)."},
    Line{"S11",
         "VBoxManage: error: VirtualBox can't operate in VMX root mode. Please disable the KVM kernel extension, "
         "recompile your kernel and reboot"},
    Line{"S11", "AMD-V is being used by another hypervisor (VERR_SVM_IN_USE)."},
    Line{"S11", "VBoxManage: error: Host API has not enabled SVME bit in EFER MSR. (VERR_SVM_HOST_SVME_NOT_ENABLED)"},
    Line{"S12", "qemu-system-x86_64: error: failed to set MSR 0x48f to 0x7fffff00036dfb"},
    Line{"S12", "qemu-kvm: error: failed to set MSR 0xd90 to 0x0"},
    Line{"S12", "qemu-system-x86_64: error: failed to get MSR 0x174"},
    Line{"S12", "target/i386/kvm.c:2932: kvm_put_msrs: Assertion `ret == cpu->kvm_msr_buf->nmsrs' failed."},
    Line{"S12",
         "qemu-system-x86_64: ../target/i386/kvm/kvm.c:3888: kvm_buf_set_msrs: Assertion `ret == "
         "cpu->kvm_msr_buf->nmsrs' failed."},
    Line{"S13", "error: invalid argument: could not find capabilities for domaintype=kvm "},
    Line{"S13", "invalid argument: could not find capabilities for arch=x86_64 domaintype=kvm "},
    Line{"S13",
         "error: unsupported configuration: Emulator '/usr/bin/qemu-system-x86_64' does not support virt type 'kvm'"},
    Line{"S14",
         "libvirtd[984]: Failed to probe capabilities for /usr/bin/qemu-system-xtensa: internal error: unable to "
         "execute QEMU command 'query-cpu-definitions'"},
    Line{"S14", "systemd[1]: libvirtd.service: start operation timed out. Terminating."},
    Line{"S15",
         "authentication unavailable: no polkit agent available to authenticate action 'org.libvirt.unix.manage'"},
    Line{"S15", "error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': Permission denied"},
    Line{"S15", "error: authentication failed: access denied by policy"},
    Line{"S15", "error: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory"},
    Line{"S16", "KVM: entry failed, hardware error 0x7"},
    Line{"S16", "KVM: entry failed, hardware error 0x80000021"},
    Line{"S16", "KVM internal error. Suberror: 1"},
    Line{"S18", "modprobe: FATAL: Module kvm_intel is builtin."},
    Line{"S18", "modprobe: FATAL: Module kvm_intel is in use."},
    Line{"S18", "warning: host doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]"},
    Line{"S18", "qemu-system-x86_64: warning: host doesn't support requested feature: CPUID.80000001H:ECX.svm [bit 2]"},
    Line{"S18", "warning: host doesn't support requested feature: CPUID[eax=01h].ECX.vmx [bit 5]"},
    Line{"S18", "the CPU is incompatible with host CPU: Host CPU does not provide required features: svm"},
    Line{"S18", "kvm-s390: A KVM host that supports nesting cannot back its KVM guests with huge pages"},
    Line{"S19", "wsl: Nested virtualization is not supported on this machine."},
    Line{"S20", "[    0.344030] kvm [1]: HYP mode not available"},
    Line{"S20", "[    0.1] kvm [1]: KVM disabled from command line"},
    Line{"S20", "[    0.1] CPU: All CPU(s) started at EL1"},
    Line{"S21", "[    0.2] kvm [1]: hypervisor extension not available"},
    Line{"S21", "kvm [1]: require SBI v0.2 or higher"},
    Line{"S21", "kvm [1]: require SBI RFENCE extension"},
    Line{"S22", "kvm_amd: KVM is unsupported when running as an SEV guest"},
    Line{"S22", "[    0.000000] tdx: Guest detected"},
    Line{"S22", "[   10.848643] Memory Encryption Features active: Intel TDX"},
    Line{"S22", "AMD Memory Encryption Features active: SEV SEV-ES SEV-SNP"},
    Line{"S23", "[   37.060570] Bridge firewalling registered"},
    Line{"S24", "qemu-kvm: -netdev tap,id=net0,vhost=on,fd=3: vhost-net requested but could not be initialized"},
    Line{"S24", "qemu-system-x86_64: -netdev tap,vhost=on: Could not open '/dev/vhost-net': Permission denied"},
    Line{"S24", "unsupported configuration: vhost-net was requested for an interface, but is unavailable"},
    Line{"S25", "modprobe: ERROR: could not insert 'vhost_vsock': Device or resource busy"},
    Line{"S25", "vhost-vsock: failed to open vhost device: No such file or directory"},
    Line{"S4", "insmod: ERROR: could not insert module ./kvm-intel.ko: Operation not supported"},
    Line{"S28",
         "qemu-kvm: -device vfio-pci: vfio 0000:01:00.0: failed to open /dev/vfio/14: No such file or directory"},
    Line{"S28", "error: unsupported configuration: host doesn't support VFIO PCI passthrough"},
    Line{"S28",
         "  QEMU: Checking for device assignment IOMMU support : WARN (No ACPI DMAR table found, IOMMU either disabled "
         "in BIOS or not supported by this hardware platform)"},
    Line{"S29", "[    0.0] Booting kernel on Xen"},
    Line{"S4", "Virtualized Intel VT-x/EPT is not supported on this platform."},
    Line{"S4", "Feature 'hv.capable' was 0, but must be at least 0x1. host VBS mode: nested VMs not supported"},
    Line{"S13", "WARNING  KVM acceleration not available, using 'qemu'"},
    Line{"S13", "ERROR    Host does not support any virtualization options"},
    Line{"S15", "Failed to start libvirtd.service: Unit libvirtd.service is masked."},
    Line{"S15", "Failed to start virtqemud.socket: Unit virtqemud.socket is masked."},
    Line{"S29", "[    0.0] Hypervisor detected: Xen PV"},
    Line{"S26",
         "audit: type=1400 audit(1525882457.360:1634): apparmor=\"DENIED\" operation=\"open\" "
         "profile=\"libvirt-de40bc0e-7c1e-44e1-b61d-29aa9801a8dc\" name=\"/srv/disk.qcow2\" pid=11029 "
         "comm=\"qemu-system-x86\" requested_mask=\"r\""},
    Line{"S26", "error: internal error: cannot load AppArmor profile 'libvirt-39466e8a-545d-420e-ba0f-b942d09a5bdb'"},
    Line{"S26", "libvirt:  error : cannot execute binary /usr/libexec/qemu-kvm: Permission denied"},
    Line{"S26", "libvirt:  error : cannot execute binary /usr/local/bin/qemu-system-x86_64: Permission denied"},
    Line{"S27", "qemu-system-riscv64: cannot set up guest memory 'riscv_virt_board.ram': Cannot allocate memory"},
    Line{"S27", "qemu-system-ppc64: unable to map backing store for guest RAM: Cannot allocate memory"},
    Line{"S27", "ioctl(KVM_CREATE_VM) failed: 12 Cannot allocate memory"},
    Line{"S27", "internal error: Unable to find any usable hugetlbfs mount for 1048576 KiB"},
    Line{"S27", "qemu_vfio_dma_map(0xfffda1ffd000, 8589934592) failed: VFIO_MAP_DMA failed: Cannot allocate memory"},
    Line{"S28",
         "  QEMU: Checking if IOMMU is enabled by kernel : WARN (IOMMU appears to be disabled in kernel. Add "
         "intel_iommu=on to kernel cmdline arguments)"},
    Line{"S28", "vfio 0000:8a:00.0: no iommu_group found"},
    Line{"S28", "error: unsupported configuration: host doesn't support passthrough of host PCI devices"},
    Line{"S28", "vfio error: 0000:01:00.0: group 1 is not viable"},
    Line{"S29", "[    0.017155] Booting paravirtualized kernel on Xen"},
    Line{"S29", "[    0.017155] Booting paravirtualized kernel on Xen PV\r"},
    Line{"S29", "[    0.017155] Booting paravirtualized kernel on Xen PVH"},
    Line{"S30", "[    1.0] kvm-pvm: loaded (native=0 pcid=1)"},
    Line{"S31", "warning: host doesn't support requested feature: CPUID.07H:EBX.hle [bit 4]"},
    Line{"S31", "warning: host doesn't support requested feature: CPUID[eax=07h,ecx=00h].EBX.avx2 [bit 5]"},
    Line{"S31", "the CPU is incompatible with host CPU: Host CPU does not provide required features: hle, rtm"},
    Line{"S31", "operation failed: guest CPU doesn't match specification: missing features: rdtscp"},
    Line{"S32", "[  712.202195] kvm: SMP vm created on host with unstable TSC; guest TSC will not be reliable"},
    Line{"S32",
         "clocksource: timekeeping watchdog on CPU5: Marking clocksource 'tsc' as unstable because the skew is too "
         "large:"},
    Line{"S32",
         "qemu-system-x86_64: warning: TSC frequency mismatch between VM (2792980 kHz) and host (2925999 kHz), and TSC "
         "scaling unavailable"},
};

TEST(ExplainLines, EveryLineGetsItsSymptom)
{
    for (const Line& line : lines) {
        const auto report = explain(line.text);
        ASSERT_EQ(report.explanations.size(), 1U) << line.text;
        EXPECT_EQ(report.explanations.front().symptom, line.symptom) << line.text;
        EXPECT_EQ(report.explanations.front().because, "") << line.text;
        EXPECT_FALSE(report.explanations.front().cause.empty()) << line.text;
        EXPECT_FALSE(report.explanations.front().remedy.summary.empty()) << line.text;
        EXPECT_EQ(report.explanations.front().cause.find('{'), std::string::npos) << line.text;
    }
}

/// The check and a command of the remedy of one line.
struct Answer {
    std::string_view text;
    std::string_view check;
    std::string_view command;
};

TEST(ExplainLines, NameTheCheckAndTheCommandThatFitThem)
{
    constexpr std::array answers{
        Answer{"vhost-vsock: failed to open vhost device: No such file or directory",
               "net.vhost_vsock",
               "modprobe vhost_vsock"},
        Answer{"modprobe: ERROR: could not insert 'vhost_vsock': Device or resource busy",
               "net.vhost_vsock",
               "systemctl stop open-vm-tools"},
        Answer{"KVM: entry failed, hardware error 0xffffffff",
               "kvm.run_real",
               "echo 'options kvm_amd npt=0' >/etc/modprobe.d/kvm-entry.conf"},
        Answer{"KVM: entry failed, hardware error 0x80000021",
               "kvm.run_real",
               "grep -s . /sys/module/kvm_intel/parameters/ept /sys/module/kvm_intel/parameters/unrestricted_guest"},
        Answer{"warning: host doesn't support requested feature: CPUID.80000001H:ECX.svm [bit 2]",
               "nested.param",
               "echo 'options kvm_amd nested=1' >/etc/modprobe.d/kvm-nested.conf"},
        Answer{"Bridge firewalling registered", "net.br_netfilter", "sysctl net.bridge.bridge-nf-call-iptables=0"},
        Answer{"kvm: SMP vm created on host with unstable TSC",
               "cpu.tsc",
               "cat /sys/devices/system/clocksource/clocksource0/current_clocksource"},
        Answer{
            "vfio error: 0000:01:00.0: group 1 is not viable", "iommu.groups", "ls /sys/kernel/iommu_groups/1/devices"},
        Answer{"failed to open /dev/vfio/14: No such file or directory", "vfio.modules", "modprobe vfio-pci"},
        Answer{"VERR_VMX_IN_VMX_ROOT_MODE",
               "conflict.virtualbox",
               "echo 'options kvm enable_virt_at_load=0' >/etc/modprobe.d/virtualbox-kvm.conf"},
        Answer{"Unit libvirtd.service is masked.", "libvirt.service", "systemctl unmask libvirtd.service"},
        Answer{"VFIO_MAP_DMA failed: Cannot allocate memory",
               "mem.memlock",
               "echo '* - memlock unlimited' >/etc/security/limits.d/vfio.conf"},
    };
    for (const Answer& answer : answers) {
        const auto report = explain(answer.text);
        ASSERT_EQ(report.explanations.size(), 1U) << answer.text;
        EXPECT_EQ(report.explanations.front().check, answer.check) << answer.text;
        ASSERT_FALSE(report.explanations.front().remedy.commands.empty()) << answer.text;
        EXPECT_EQ(report.explanations.front().remedy.commands.front(), answer.command) << answer.text;
    }
    EXPECT_EQ(explain("tdx: Guest detected").explanations.front().check, "underlay.confidential");
}

/// Where a check says that it judges a symptom, its lines are to lead there.
TEST(ExplainLines, LeadToACheckWhereverOneJudgesThem)
{
    std::set<std::string_view> judged;
    for (const CheckDocumentation& page : check_documentation()) {
        judged.insert(page.symptoms.begin(), page.symptoms.end());
    }
    for (const Line& line : lines) {
        EXPECT_TRUE(!judged.contains(line.symptom) || !explain(line.text).explanations.front().check.empty())
            << line.text;
    }
}

TEST(ExplainLines, EverySymptomThatWritesLinesIsCovered)
{
    std::set<std::string_view> covered;
    for (const Line& line : lines) {
        covered.insert(line.symptom);
    }
    constexpr int symptoms = 32;
    for (int number = 1; number <= symptoms; ++number) {
        const auto id = "S" + std::to_string(number);
        EXPECT_EQ(covered.contains(id), id != "S17") << id;
    }
}

TEST(ExplainLines, HarmlessLinesStaySilent)
{
    constexpr std::array<std::string_view, 19> harmless{
        "kvm_amd: SVM not supported by CPU 0, not amd or hygon",
        "[212685.034278] has_svm: not amd or hygon",
        "[    0.000000] Booting paravirtualized kernel on Xen HVM",
        "[    0.000000] Booting kernel on Xen HVM",
        "[    0.000000] Hypervisor detected: Xen HVM",
        "[    0.000000] Booting paravirtualized kernel on KVM",
        "[    0.000000] Hypervisor detected: KVM",
        "[    0.000000] Memory Encryption Features active: AMD SME",
        "kvm: Nested Virtualization enabled",
        "kvm [1]: VHE mode initialized successfully",
        "kvm [1]: hypervisor extension available",
        "qemu-system-x86_64: warning: TCG doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]",
        "SVM: kvm: Nested Paging enabled",
        "DMAR: IOMMU enabled",
        "modprobe: ERROR: could not insert 'nvidia': No such device",
        "modprobe: FATAL: Module nvidia not found in directory /lib/modules/6.1.0",
        "rmmod: ERROR: Module i915 is in use",
        "Wake on LAN is disabled by your BIOS",
        "avc:  denied  { read } for  pid=812 comm=\"qemu-ga\" name=\"shadow\" "
        "scontext=system_u:system_r:virt_qemu_ga_t:s0",
    };
    for (const auto line : harmless) {
        EXPECT_TRUE(explain(line).explanations.empty()) << line;
    }
}

TEST(ExplainTables, EveryPatternCanBeLookedUp)
{
    for (const auto table : {harmless_lines(),
                             hardware_causes(),
                             kernel_causes(),
                             device_causes(),
                             guest_causes(),
                             libvirt_causes(),
                             comfort_causes()}) {
        for (const Cause& cause : table) {
            EXPECT_FALSE(cause.patterns.front().empty()) << cause.cause;
            for (const auto pattern : cause.patterns) {
                EXPECT_TRUE(pattern.empty() || is_well_formed(pattern)) << pattern;
            }
        }
    }
}

/// What is caught must be caught by every pattern of the row, or its texts would show a name in braces.
TEST(ExplainTables, EveryNameInATextIsCaughtByEachPattern)
{
    for (const auto table :
         {hardware_causes(), kernel_causes(), device_causes(), guest_causes(), libvirt_causes(), comfort_causes()}) {
        for (const Cause& cause : table) {
            std::string texts{cause.cause};
            texts += cause.fix;
            for (const auto command : cause.commands) {
                texts += command;
            }
            for (std::string_view name :
                 {"{module}", "{kind}", "{msr}", "{code}", "{feature}", "{group}", "{emulator}"}) {
                for (const auto pattern : cause.patterns) {
                    EXPECT_TRUE(pattern.empty() || texts.find(name) == std::string::npos ||
                                pattern.find(name) != std::string_view::npos)
                        << name << " in: " << pattern;
                }
            }
        }
    }
}

TEST(ExplainTables, ChecksAreThoseOfTheCatalogueOrPlannedOnes)
{
    const std::set<std::string_view> planned{"libvirt.caps_stale", "libvirt.apparmor", "libvirt.selinux"};
    std::set<std::string_view> known;
    for (const Check& check : catalogue()) {
        known.insert(check.id);
    }
    for (const auto table :
         {hardware_causes(), kernel_causes(), device_causes(), guest_causes(), libvirt_causes(), comfort_causes()}) {
        for (const Cause& cause : table) {
            EXPECT_TRUE(cause.check.empty() || known.contains(cause.check) || planned.contains(cause.check))
                << cause.check;
        }
    }
}

}  // namespace
}  // namespace kvmkit
