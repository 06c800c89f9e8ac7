// SPDX-License-Identifier: Apache-2.0
#include "check/explain/cause.hpp"

namespace kvmkit {
namespace {

constexpr std::array causes{
    Cause{.symptom = "S11",
          .check = "conflict.virtualbox",
          .layer = Layer::device,
          .cause =
              "KVM holds the CPU's virtualization, so VirtualBox before 7.2.10 cannot start its VM: Linux since 6.12 "
              "takes it as soon as KVM is loaded",
          .fix = "update VirtualBox to 7.2.10 or later, which starts its VMs while KVM is loaded; with an older one "
                 "let KVM take it only "
                 "while a VM of KVM runs (KVM built in: kvm.enable_virt_at_load=0 on the kernel's command line), or "
                 "unload KVM",
          .commands = {"echo 'options kvm enable_virt_at_load=0' >/etc/modprobe.d/virtualbox-kvm.conf",
                       "modprobe -r kvm_intel kvm_amd kvm && { modprobe kvm_intel || modprobe kvm_amd; }"},
          .patterns = {"VERR_VMX_IN_VMX_ROOT_MODE",
                       "VERR_SVM_IN_USE",
                       "VirtualBox can't operate in VMX root mode",
                       "VirtualBox can't enable the AMD-V extension"}},
    Cause{.symptom = "S11",
          .check = "conflict.virtualbox",
          .layer = Layer::device,
          .cause =
              "VirtualBox since 7.2.10 leaves it to KVM to switch the CPU's virtualization on, and KVM was told not to "
              "(enable_virt_at_load=0, which older versions of VirtualBox needed)",
          .fix =
              "take enable_virt_at_load=0 out of /etc/modprobe.d and of the kernel's command line and load KVM anew, "
              "or unload KVM",
          .commands = {"grep -rl enable_virt_at_load /etc/modprobe.d /usr/lib/modprobe.d /proc/cmdline",
                       "modprobe -r kvm_intel kvm_amd kvm && { modprobe kvm_intel || modprobe kvm_amd; }"},
          .patterns = {"VERR_SVM_HOST_SVME_NOT_ENABLED", "Host API has not enabled"}},
    Cause{.symptom = "S11",
          .check = "kvm.create_vm",
          .layer = Layer::device,
          .cause = "another hypervisor on this host, VirtualBox or VMware, holds the CPU's virtualization",
          .fix = "stop its VMs, or unload its modules",
          .commands = {"modprobe -r vboxnetadp vboxnetflt vboxdrv", "modprobe -r vmmon"},
          .patterns = {"ioctl(KVM_CREATE_VM) failed: 16",
                       "ioctl(KVM_CREATE_VM) failed: Device or resource busy",
                       "failed to initialize KVM: Device or resource busy",
                       "Error creating VM object: Device or resource busy",
                       "kvm: enabling virtualization on CPU{cpu} failed",
                       "enabling virtualization on CPU{cpu} failed"}},
    Cause{.symptom = "S27",
          .check = "kvm.create_vm",
          .layer = Layer::device,
          .cause = "the kernel had no memory left to create a VM",
          .fix = "free memory, or raise the memory limit of this control group",
          .commands = {"free -m"},
          .patterns = {"ioctl(KVM_CREATE_VM) failed: 12", "failed to initialize KVM: Cannot allocate memory"}},
    Cause{.symptom = "S7",
          .check = "kvm.access",
          .layer = Layer::device,
          .cause =
              "this user may not open /dev/kvm: it belongs to a group, mostly kvm, that the user is not in, or was "
              "put in after logging in",
          .fix =
              "put the user in the group and log in anew; where nobody logs in, as on a CI machine, write a udev rule: "
              "KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0666\", OPTIONS+=\"static_node=kvm\"",
          .commands = {"usermod -aG kvm \"$USER\""},
          .patterns = {"Could not access KVM kernel module: Permission denied",
                       "failed to initialize KVM: Permission denied",
                       "Error creating KVM object: Permission denied",
                       "Error creating KVM object*Permission denied",
                       "This user doesn't have permissions to use KVM",
                       "/dev/kvm device: permission denied",
                       "/dev/kvm: Permission denied",
                       "'/dev/kvm': Permission denied",
                       "Check /dev/kvm is world writable"}},
    Cause{
        .symptom = "S9",
        .check = "kvm.access",
        .layer = Layer::device,
        .cause = "the container's list of allowed devices forbids /dev/kvm, whatever its mode says",
        .fix =
            "start the container with the device; for LXC write into its configuration 'lxc.cgroup2.devices.allow = c "
            "10:232 rwm' and 'lxc.mount.entry = /dev/kvm dev/kvm none bind,create=file'; a rented container is its "
            "operator's",
        .commands = {"docker run --device /dev/kvm IMAGE"},
        .where = Where::hypervisor,
        .patterns = {"Could not access KVM kernel module: Operation not permitted",
                     "failed to initialize KVM: Operation not permitted",
                     "Error creating KVM object: Operation not permitted",
                     "/dev/kvm: Operation not permitted",
                     "'/dev/kvm': Operation not permitted"}},
    Cause{.symptom = "S8",
          .check = "kvm.access_persistent",
          .layer = Layer::device,
          .cause = "udev set the mode of /dev/kvm again, so what chmod or setfacl had given is gone",
          .fix = "write it into a rule of udev: that lasts",
          .commands = {"echo 'KERNEL==\"kvm\", GROUP=\"kvm\", MODE=\"0660\"' >/etc/udev/rules.d/99-kvm.rules",
                       "udevadm control --reload && udevadm trigger --name-match=kvm --settle"},
          .patterns = {"Setting permissions /dev/kvm", "Setting mode of /dev/kvm"}},
    Cause{.symptom = "S10",
          .check = "kvm.module",
          .layer = Layer::device,
          .follows = true,
          .cause = "/dev/kvm is there, but no module stands behind it: none for this CPU could be loaded",
          .fix = "load the module and see what the kernel says if it refuses",
          .commands = {"modprobe kvm_intel || modprobe kvm_amd", "dmesg | grep -i kvm"},
          .patterns = {"Could not access KVM kernel module: No such device",
                       "failed to initialize KVM: No such device",
                       "Error creating KVM object: No such device",
                       "/dev/kvm: No such device",
                       "'/dev/kvm': No such device"}},
    Cause{.symptom = "S1",
          .check = "kvm.device",
          .layer = Layer::device,
          .follows = true,
          .cause = "there is no /dev/kvm: the module is not loaded, or a container was started without the device",
          .fix = "load the module, now and at every boot; start a container with --device /dev/kvm",
          .commands = {"modprobe kvm_intel || modprobe kvm_amd",
                       "printf 'kvm_intel\\nkvm_amd\\n' >/etc/modules-load.d/kvm.conf"},
          .patterns = {"Could not access KVM kernel module: No such file or directory",
                       "failed to initialize KVM: No such file or directory",
                       "Error creating KVM object: No such file or directory",
                       "Domain requires KVM, but it is not available",
                       "while adding custom device \"/dev/kvm\": no such file or directory",
                       "/dev/kvm is not found",
                       "/dev/kvm does not exist",
                       "KVM is not available. This may mean",
                       "open /dev/kvm: no such file or directory",
                       "Checking if device /dev/kvm exists*FAIL"}},
    Cause{.symptom = "S1",
          .check = "kvm.access",
          .layer = Layer::device,
          .follows = true,
          .cause = "QEMU could not use KVM; the line before this one says why",
          .fix = "see what kvm-check finds on this host",
          .commands = {"kvm-check run"},
          .patterns = {"CPU model 'host' requires KVM", "falling back to tcg$", "Back to tcg accelerator"}},
};

}  // namespace

std::span<const Cause> device_causes()
{
    return causes;
}

}  // namespace kvmkit
