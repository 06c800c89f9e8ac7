// SPDX-License-Identifier: Apache-2.0
#include "check/explain/cause.hpp"

namespace kvmkit {
namespace {

constexpr std::array causes{
    Cause{
        .symptom = "S30",
        .check = "kvm.guest_speed",
        .layer = Layer::comfort,
        .cause = "this KVM is KVM-PVM, which emulates the kernel mode of guests that were not made for it: slower than "
                 "TCG",
        .fix = "run guests with -accel tcg, as 'vm-run launch' does by itself, or boot guest kernels made for KVM-PVM; "
               "'kvm-check run' measures it",
        .commands = {"kvm-check run"},
        .patterns = {"kvm-pvm: loaded", "kvm_pvm: loaded"}},
    Cause{
        .symptom = "S24",
        .check = "net.vhost_net",
        .layer = Layer::comfort,
        .cause = "vhost-net is not there or not allowed, so the guest's network is slower, or the guest does not start",
        .fix = "load the module, now and at every boot; QEMU by hand needs the right to open /dev/vhost-net",
        .commands = {"modprobe vhost_net", "echo vhost_net >/etc/modules-load.d/vhost_net.conf"},
        .patterns = {"vhost-net requested but could not be initialized",
                     "tap: open vhost char device failed",
                     "Could not open '/dev/vhost-net'",
                     "vhost-net was requested for an interface, but is unavailable",
                     "Unable to open vhost-net"}},
    Cause{.symptom = "S32",
          .check = "cpu.tsc",
          .layer = Layer::comfort,
          .cause = "the CPU's clock (TSC) is not reliable on this host, so guests' clocks may drift",
          .fix =
              "let guests use kvm-clock, not tsc; look for a firmware update, and in a VM for its hypervisor's setting "
              "of the TSC",
          .commands = {"cat /sys/devices/system/clocksource/clocksource0/current_clocksource"},
          .patterns = {"SMP vm created on host with unstable TSC",
                       "Marking clocksource 'tsc' as unstable",
                       "Marking TSC unstable due to",
                       "TSC frequency mismatch between VM"}},
    Cause{
        .symptom = "S23",
        .check = "net.br_netfilter",
        .layer = Layer::comfort,
        .cause = "the host's firewall sees what bridges carry (br_netfilter, mostly loaded by Docker): with its policy "
                 "DROP for forwarded packets, VMs on a bridge lose their network",
        .fix = "if VMs have no network, keep the firewall off bridges, or let Docker's rules pass theirs (iptables -I "
               "DOCKER-USER -i BRIDGE -j ACCEPT, and the same with -o)",
        .commands = {"sysctl net.bridge.bridge-nf-call-iptables=0"},
        .patterns = {"Bridge firewalling registered"}},
};

}  // namespace

std::span<const Cause> comfort_causes()
{
    return causes;
}

}  // namespace kvmkit
