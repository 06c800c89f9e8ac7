// SPDX-License-Identifier: Apache-2.0
#include "check/explain/cause.hpp"

namespace kvmkit {
namespace {

/// Lines that look like a failure and are none: a kernel with both vendors' KVM built in tries each.
constexpr std::array harmless{
    Cause{.symptom = "",
          .patterns = {"SVM not supported by CPU {cpu}, not amd or hygon",
                       "SVM not supported, not amd or hygon",
                       "has_svm: not amd or hygon",
                       "isn't AMD or Hygon",
                       "Booting paravirtualized kernel on Xen HVM",
                       "Booting kernel on Xen HVM"}},
};

constexpr std::array causes{
    Cause{.symptom = "S29",
          .check = "underlay.xen_dom0",
          .layer = Layer::hardware,
          .cause = "this kernel runs on Xen without virtualization of its own: Xen holds it (dom0), or the domain is "
                   "paravirtualized",
          .fix = "boot this kernel without Xen; in a domain, run it as HVM with hap=1 and nestedhvm=1 in its xl.cfg",
          .commands = {"grub-set-default \"NAME OF THE PLAIN ENTRY\"", "reboot"},
          .patterns = {"Booting paravirtualized kernel on Xen$",
                       "Booting paravirtualized kernel on Xen PV",
                       "Booting kernel on Xen$",
                       "Booting kernel on Xen PV",
                       "Hypervisor detected: Xen PV"}},
    Cause{.symptom = "S22",
          .check = "underlay.confidential",
          .layer = Layer::hardware,
          .cause = "this is a confidential VM (SEV or TDX), and Linux does not run KVM inside one",
          .fix = "use a VM or an instance type without memory encryption, or real hardware",
          .where = Where::cloud_console,
          .patterns = {"KVM is unsupported when running as an SEV guest",
                       "Memory Encryption Features active: AMD SEV",
                       "Memory Encryption Features active: SEV",
                       "Memory Encryption Features active: Intel TDX",
                       "tdx: Guest detected"}},
    Cause{.symptom = "S19",
          .check = "cpu.virt_ext",
          .layer = Layer::hardware,
          .cause = "Windows gives WSL 2 no nested virtualization",
          .fix =
              "on Windows 11 write nestedVirtualization=true under [wsl2] in %UserProfile%\\.wslconfig, then restart "
              "WSL; Windows 10, and Windows in a VM without nesting, cannot do it",
          .commands = {"wsl --shutdown"},
          .where = Where::hypervisor,
          .patterns = {"wsl: Nested virtualization is not supported on this",
                       "Nested virtualization is not supported on this machine"}},
    Cause{.symptom = "S3",
          .check = "cpu.virt_ext",
          .layer = Layer::hardware,
          .cause = "AMD-V (SVM) is switched off in the firmware, and locked until the next reset",
          .fix = "switch on 'SVM Mode' in the firmware setup (under CPU configuration, on Gigabyte boards under "
                 "Advanced CPU Core Settings), then power the machine off and on",
          .where = Where::firmware,
          .refinement = Refinement::underlay,
          .patterns = {"SVM disabled (by BIOS) in MSR_VM_CR",
                       "support for 'kvm_amd' disabled by bios",
                       "KVM (svm) is disabled by your BIOS",
                       "VERR_SVM_DISABLED",
                       "AMD-V is disabled in the BIOS"}},
    Cause{.symptom = "S2",
          .check = "cpu.virt_ext",
          .layer = Layer::hardware,
          .cause = "the CPU's virtualization (Intel VT-x) is switched off or locked in the firmware",
          .fix = "switch on 'Intel Virtualization Technology (VT-x, VMX)', on AMD 'SVM Mode', in the firmware setup, "
                 "usually under CPU configuration, then power the machine off and on",
          .where = Where::firmware,
          .refinement = Refinement::underlay,
          .patterns = {"VMX (outside TXT) disabled by BIOS",
                       "VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL",
                       "VMX not fully enabled on CPU",
                       "support for 'kvm_intel' disabled by bios",
                       "kvm: disabled by bios",
                       "INFO: KVM*is disabled by your BIOS",
                       "VERR_VMX_MSR_ALL_VMX_DISABLED",
                       "VERR_VMX_MSR_VMX_DISABLED",
                       "VERR_VMX_MSR_VMXON_DISABLED",
                       "VT-x is disabled in the BIOS"}},
    Cause{.symptom = "S3",
          .check = "cpu.virt_ext",
          .layer = Layer::hardware,
          .follows = true,
          .cause = "the kernel sees no AMD-V (SVM) in this CPU",
          .fix = "on hardware switch on 'SVM Mode' in the firmware setup (kernels since 6.7 show the CPU without it if "
                 "it is off there) and power off and on; in a VM ask its operator for nested virtualization",
          .where = Where::firmware,
          .refinement = Refinement::underlay,
          .patterns = {"SVM not supported by CPU",
                       "SVM not supported, svm not available",
                       "no hardware support for 'kvm_amd'",
                       "VERR_SVM_NO_SVM",
                       "has_svm: can't execute cpuid_8000000a"}},
    Cause{.symptom = "S4",
          .check = "cpu.virt_ext",
          .layer = Layer::hardware,
          .follows = true,
          .cause = "the kernel sees no hardware virtualization (VT-x, AMD-V) in this CPU",
          .fix = "in a VM ask its operator for nested virtualization; on hardware switch on VT-x or SVM Mode in the "
                 "firmware setup (kernels since 5.6 show the CPU without it if it is off there), then power off and on",
          .where = Where::firmware,
          .refinement = Refinement::underlay,
          .patterns = {"kvm: no hardware support",
                       "no hardware support for 'kvm_intel'",
                       "VMX not supported by CPU",
                       "CPU doesn't support VMX",
                       "does not support KVM extensions",
                       "Only emulated CPUs are available",
                       "Host not compatible with KVM",
                       "VERR_VMX_NO_VMX",
                       "x86_64 emulation currently requires hardware acceleration",
                       "CPU does not support VMX or SVM"}},
    Cause{.symptom = "S4",
          .check = "cpu.virt_ext",
          .layer = Layer::hardware,
          .cause = "VMware cannot give its VM VT-x or AMD-V here: Windows below it runs Hyper-V or VBS (Memory "
                   "integrity), or its CPU has neither",
          .fix = "on that Windows switch off Hyper-V and Memory integrity, then restart it",
          .commands = {"bcdedit /set hypervisorlaunchtype off"},
          .where = Where::hypervisor,
          .patterns = {"Virtualized Intel VT-x/EPT is not supported on this platform",
                       "Virtualized AMD-V/RVI is not supported on this platform",
                       "host VBS mode: nested VMs not supported",
                       "Device/Credential Guard are not compatible"}},
    Cause{.symptom = "S5",
          .check = "kvm.module",
          .layer = Layer::hardware,
          .cause = "the hypervisor below shows VT-x, but not all the controls that kvm{kind} needs",
          .fix = "give this VM the host's CPU (libvirt: <cpu mode='host-passthrough'/>, QEMU: -cpu host) and update "
                 "the hypervisor",
          .where = Where::hypervisor,
          .refinement = Refinement::underlay,
          .patterns = {"could not insert 'kvm{kind}': Input/output error", "inserting kvm{kind}*: Input/output error"}},
    Cause{.symptom = "S20",
          .check = "kvm.module",
          .layer = Layer::hardware,
          .cause = "this Arm kernel was started at EL1: whoever started it, a hypervisor or the firmware, keeps EL2",
          .fix = "use a bare-metal instance (*.metal), or a hypervisor that nests: Apple M3 or later with macOS 15 "
                 "(Lima: nestedVirtualization: true), Linux with kvm-arm.mode=nested on a CPU with FEAT_NV2",
          .where = Where::hypervisor,
          .patterns = {"HYP mode not available", "CPU: All CPU(s) started at EL1"}},
    Cause{.symptom = "S20",
          .check = "kvm.cmdline",
          .layer = Layer::hardware,
          .cause = "KVM was switched off on the kernel's command line (kvm-arm.mode=none)",
          .fix = "take kvm-arm.mode=none out of the boot loader's configuration and reboot",
          .patterns = {"KVM disabled from command line"}},
    Cause{.symptom = "S21",
          .check = "kvm.module",
          .layer = Layer::hardware,
          .cause = "this RISC-V CPU has no hypervisor extension ('h'), or its hypervisor hides it",
          .fix = "use a CPU with the 'h' extension; under QEMU start the machine with -cpu max or -cpu rv64,h=true",
          .where = Where::hypervisor,
          .patterns = {"kvm [1]: hypervisor extension not available", "hypervisor extension not available"}},
    Cause{.symptom = "S21",
          .check = "kvm.module",
          .layer = Layer::hardware,
          .cause = "the firmware of this RISC-V machine is too old for KVM (SBI)",
          .fix = "install a firmware with SBI 0.2 or later and the RFENCE extension, such as OpenSBI 0.7",
          .where = Where::firmware,
          .patterns = {"require SBI v0.2 or higher", "require SBI RFENCE extension"}},
};

}  // namespace

std::span<const Cause> harmless_lines()
{
    return harmless;
}

std::span<const Cause> hardware_causes()
{
    return causes;
}

}  // namespace kvmkit
