// SPDX-License-Identifier: Apache-2.0
#include "check/explain/cause.hpp"

namespace kvmkit {
namespace {

constexpr std::array causes{
    Cause{.symptom = "S6",
          .check = "kvm.module",
          .layer = Layer::kernel,
          .cause = "another KVM module, {module}, has the CPU already; only one can be loaded",
          .fix = "keep the one you have, or unload it while no VM runs and load the other",
          .commands = {"modprobe -r {module}"},
          .patterns = {"already loaded vendor module '{module}'"}},
    Cause{.symptom = "S6",
          .check = "kvm.module",
          .layer = Layer::kernel,
          .cause = "another KVM module has the CPU already; only one of kvm_intel, kvm_amd and kvm_pvm can be loaded",
          .fix = "see which one it is; unload it while no VM runs, then load the one for this CPU",
          .commands = {"lsmod | grep ^kvm", "modprobe -r kvm_intel kvm_amd kvm_pvm"},
          .patterns = {"kvm: already loaded the other module",
                       "could not insert 'kvm_{kind}': File exists",
                       "inserting kvm_{kind}*: File exists",
                       "could not insert 'kvm-{kind}': File exists"}},
    Cause{.symptom = "S25",
          .check = "net.vhost_vsock",
          .layer = Layer::comfort,
          .cause = "another transport of vsock is registered, mostly VMware's, so vhost_vsock cannot be",
          .fix = "stop VMware's tools and unload their transport; kernels since 5.5 can have both",
          .commands = {"systemctl stop open-vm-tools", "modprobe -r vmw_vsock_vmci_transport", "modprobe vhost_vsock"},
          .patterns = {"could not insert 'vhost_vsock': Device or resource busy",
                       "inserting vhost_vsock*: Device or resource busy"}},
    Cause{.symptom = "S25",
          .check = "net.vhost_vsock",
          .layer = Layer::comfort,
          .cause = "there is no /dev/vhost-vsock, or QEMU may not open it: the guest's vsock device cannot be made",
          .fix = "load the module, now and at every boot; QEMU by hand needs the right to open /dev/vhost-vsock",
          .commands = {"modprobe vhost_vsock", "echo vhost_vsock >/etc/modules-load.d/vhost_vsock.conf"},
          .patterns = {"vhost-vsock: failed to open vhost device", "Could not open '/dev/vhost-vsock'"}},
    Cause{.symptom = "S4",
          .check = "kvm.module",
          .layer = Layer::kernel,
          .follows = true,
          .cause = "kvm{kind} finds no virtualization it could use: it is off in the firmware, or the hypervisor below "
                   "does not pass it on",
          .fix = "in a VM ask its operator for nested virtualization; on hardware switch on VT-x or SVM Mode in the "
                 "firmware setup, then power off and on; 'dmesg | grep -i kvm' tells which",
          .where = Where::firmware,
          .refinement = Refinement::underlay,
          .patterns = {"could not insert 'kvm{kind}': Operation not supported",
                       "could not insert 'kvm{kind}': No such device",
                       "inserting kvm{kind}*: Operation not supported",
                       "inserting kvm{kind}*: No such device"}},
    Cause{.symptom = "S4",
          .check = "kvm.module",
          .layer = Layer::kernel,
          .follows = true,
          .cause = "KVM's module finds no virtualization it could use: it is off in the firmware, or the hypervisor "
                   "below does not pass it on",
          .fix = "in a VM ask its operator for nested virtualization; on hardware switch on VT-x or SVM Mode in the "
                 "firmware setup, then power off and on; 'dmesg | grep -i kvm' tells which",
          .where = Where::firmware,
          .refinement = Refinement::underlay,
          .patterns = {"could not insert module *kvm-intel.ko*: Operation not supported",
                       "could not insert module *kvm-amd.ko*: Operation not supported",
                       "can't insert '*kvm-intel.ko*': Operation not supported",
                       "can't insert '*kvm-amd.ko*': Operation not supported"}},
    Cause{
        .symptom = "S18",
        .check = "nested.param",
        .layer = Layer::comfort,
        .cause = "kvm{kind} is part of the kernel: it cannot be reloaded to change its parameters, such as nested",
        .fix =
            "give the parameter on the kernel's command line (kvm{kind}.nested=1; in WSL 2 as kernelCommandLine under "
            "[wsl2] in %UserProfile%\\.wslconfig) and restart",
        .patterns = {"Module kvm{kind} is builtin"}},
    Cause{.symptom = "S18",
          .check = "nested.param",
          .layer = Layer::comfort,
          .cause = "kvm{kind} cannot be reloaded to change its parameters, such as nested, while a VM runs",
          .fix = "shut all VMs down first; this lists who holds the device",
          .commands = {"fuser -v /dev/kvm", "modprobe -r kvm{kind} && modprobe kvm{kind} nested=1"},
          .patterns = {"FATAL: Module kvm{kind} is in use", "rmmod: ERROR: Module kvm{kind} is in use"}},
    Cause{.symptom = "S18",
          .check = "nested.param",
          .layer = Layer::kernel,
          .cause = "on s390x KVM cannot have both nested guests and huge pages",
          .fix = "choose one of the two parameters of the module kvm",
          .commands = {"modprobe kvm nested=1 hpage=0"},
          .patterns = {"A KVM host that supports nesting cannot back its KVM guests with huge pages"}},
    Cause{.symptom = "S18",
          .check = "nested.param",
          .layer = Layer::program,
          .cause = "the guest is to get svm for guests of its own, and this host does not pass it on",
          .fix = "allow nested guests while no VM runs, or take svm out of the guest's CPU model",
          .commands = {"echo 'options kvm_amd nested=1' >/etc/modprobe.d/kvm-nested.conf",
                       "modprobe -r kvm_amd && modprobe kvm_amd"},
          .patterns = {"host doesn't support requested feature: CPUID*ECX.svm [bit",
                       "Host CPU does not provide required features: svm$",
                       "guest CPU doesn't match specification: missing features: svm$"}},
    Cause{.symptom = "S18",
          .check = "nested.param",
          .layer = Layer::program,
          .cause = "the guest is to get vmx for guests of its own, and this host does not pass it on",
          .fix = "allow nested guests while no VM runs, or take vmx out of the guest's CPU model",
          .commands = {"echo 'options kvm_intel nested=1' >/etc/modprobe.d/kvm-nested.conf",
                       "modprobe -r kvm_intel && modprobe kvm_intel"},
          .patterns = {"host doesn't support requested feature: CPUID*ECX.vmx [bit",
                       "Host CPU does not provide required features: vmx$",
                       "guest CPU doesn't match specification: missing features: vmx$"}},
    Cause{.symptom = "S1",
          .check = "kvm.module",
          .layer = Layer::kernel,
          .follows = true,
          .cause = "the running kernel has no module kvm{kind} among its files",
          .fix = "install the rest of the kernel's modules and boot the kernel that they belong to: after an upgrade, "
                 "reboot",
          .commands = {"uname -r; ls /lib/modules"},
          .patterns = {"Module kvm{kind} not found"}},
};

}  // namespace

std::span<const Cause> kernel_causes()
{
    return causes;
}

}  // namespace kvmkit
