// SPDX-License-Identifier: Apache-2.0
#include "check/explain/cause.hpp"

namespace kvmkit {
namespace {

constexpr std::array causes{
    Cause{.symptom = "S13",
          .check = "libvirt.caps_stale",
          .layer = Layer::program,
          .follows = true,
          .cause = "libvirt believes that QEMU has no KVM here: there was none when it last looked, or there is none",
          .fix = "if 'kvm-check run' says that KVM works, make libvirt look again",
          .commands = {"kvm-check run",
                       "rm -f /var/cache/libvirt/qemu/capabilities/*.xml",
                       "systemctl restart libvirtd || systemctl restart virtqemud"},
          .patterns = {"could not find capabilities for domaintype=kvm",
                       "could not find capabilities for*domaintype=kvm",
                       "does not support virt type 'kvm'",
                       "Host does not support domain type kvm"}},
    Cause{.symptom = "S15",
          .check = "libvirt.group",
          .layer = Layer::program,
          .cause = "this user may not manage the system's libvirt: the group libvirt is missing",
          .fix = "put the user in the group and log in anew",
          .commands = {"usermod -aG libvirt \"$USER\""},
          .patterns = {"no polkit agent available to authenticate action 'org.libvirt",
                       "authentication failed: access denied by policy",
                       "authentication failed: Authorization requires authentication but no agent is available",
                       "libvirt-sock': Permission denied",
                       "libvirt-sock: Permission denied",
                       "virtqemud-sock': Permission denied"}},
    Cause{.symptom = "S15",
          .check = "libvirt.service",
          .layer = Layer::program,
          .cause = "libvirt's daemon does not run",
          .fix = "start it, now and at every boot; 'host-setup apply' does it, and installs it if need be",
          .commands = {"systemctl enable --now libvirtd.socket || systemctl enable --now virtqemud.socket"},
          .patterns = {"libvirt-sock': No such file or directory",
                       "libvirt-sock': Connection refused",
                       "virtqemud-sock': No such file or directory",
                       "virtqemud-sock': Connection refused"}},
    Cause{.symptom = "S26",
          .check = "libvirt.apparmor",
          .layer = Layer::program,
          .cause = "AppArmor denies QEMU or libvirt a file that its profile does not name",
          .fix = "keep images below /var/lib/libvirt/images, or name their place in the local part of the profile; "
                 "AppArmor can stay on",
          .commands = {"echo '/srv/images/** rwk,' >>/etc/apparmor.d/local/abstractions/libvirt-qemu",
                       "systemctl reload apparmor"},
          .patterns = {"apparmor=\"DENIED\"*profile=\"libvirt",
                       "apparmor=\"DENIED\"*profile=\"/usr/sbin/libvirtd\"",
                       "apparmor=\"DENIED\"*profile=\"virt-aa-helper\"",
                       "apparmor=\"DENIED\"*profile=\"virtqemud\"",
                       "cannot load AppArmor profile 'libvirt",
                       "cannot execute binary /*qemu*: Permission denied",
                       "cannot execute binary /*kvm: Permission denied",
                       "cannot execute binary /*virt-aa-helper: Permission denied"}},
    Cause{.symptom = "S26",
          .check = "libvirt.selinux",
          .layer = Layer::program,
          .cause = "SELinux denies QEMU a file that carries no label for VMs",
          .fix = "keep images below /var/lib/libvirt/images, or give their place the label",
          .commands = {"semanage fcontext -a -t virt_image_t '/srv/images(/.*)?'", "restorecon -R /srv/images"},
          .patterns = {"avc:  denied*:svirt_t:", "avc:  denied*comm=\"qemu"}},
    Cause{.symptom = "S14",
          .layer = Layer::comfort,
          .cause = "libvirt could not ask the emulator qemu-system-{emulator} what it can do; each installed one costs "
                   "time at its start",
          .fix = "remove emulators that nobody uses; this lists them with their packages",
          .commands = {"dpkg -S /usr/bin/qemu-system-* || rpm -qf /usr/bin/qemu-system-*"},
          .patterns = {"Failed to probe capabilities for *qemu-system-{emulator}"}},
    Cause{.symptom = "S14",
          .check = "libvirt.service",
          .layer = Layer::program,
          .cause = "libvirt's daemon took too long to start; it asks every installed emulator what it can do",
          .fix = "remove emulators that nobody uses; this lists them with their packages",
          .commands = {"dpkg -S /usr/bin/qemu-system-* || rpm -qf /usr/bin/qemu-system-*"},
          .patterns = {"libvirtd.service: start operation timed out", "virtqemud.service: start operation timed out"}},
};

}  // namespace

std::span<const Cause> libvirt_causes()
{
    return causes;
}

}  // namespace kvmkit
