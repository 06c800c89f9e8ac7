// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/module_parameter.hpp"
#include "check/traits.hpp"
#include "facts/version.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

/// Since Linux 6.12 KVM takes VT-x or AMD-V when it is loaded, not with its first VM.
bool takes_all_at_load(const HostFacts& host)
{
    const auto& at_load = host.conflicts.virt_at_load;
    return at_load && (*at_load == "Y" || *at_load == "1");
}

/// The vendor's module has to be loaded anew with KVM's core, whose parameter it is.
std::string reload(const HostFacts& host)
{
    return fmt::format("modprobe -r {0} kvm && modprobe {0}", has_module(host, "kvm_amd") ? "kvm_amd" : "kvm_intel");
}

/// "vboxdrv" with its version, where the module tells one.
std::string virtualbox_module(const HostFacts& host)
{
    const auto& version = host.conflicts.virtualbox_version;
    return version && *version && !(*version)->empty() ? fmt::format("vboxdrv {}", **version) : "vboxdrv";
}

/// Since 7.2.10 VirtualBox has KVM switch the CPU's virtualization on, and starts its VMs beside KVM's.
bool shares_with_kvm(const HostFacts& host)
{
    constexpr Version first{7, 2, 10};
    const auto& version = host.conflicts.virtualbox_version;
    const auto number = version && *version ? parse_version(upstream_version(**version)) : std::nullopt;
    return number && *number >= first;
}

/// Such a VirtualBox leaves it to KVM, which was told to wait for a VM of its own.
Verdict judge_sharing_virtualbox(const HostFacts& host)
{
    const auto& at_load = host.conflicts.virt_at_load;
    if (!at_load || !*at_load || takes_all_at_load(host)) {
        return pass(fmt::format("{} is loaded, and starts its VMs while KVM holds the CPU's virtualization",
                                virtualbox_module(host)));
    }
    return warn(
        fmt::format("{} is loaded and leaves it to KVM to switch the CPU's virtualization on, which KVM was told not "
                    "to (/sys/module/kvm/parameters/enable_virt_at_load is N): VirtualBox's VMs cannot start",
                    virtualbox_module(host)),
        Remedy{"take enable_virt_at_load=0 out of /etc/modprobe.d and of the kernel's command line, and load KVM anew",
               {"grep -rl enable_virt_at_load /etc/modprobe.d /usr/lib/modprobe.d /proc/cmdline", reload(host)}});
}

Verdict judge_virtualbox(const HostFacts& host)
{
    if (!host.conflicts.virtualbox) {
        return skip("VirtualBox's module vboxdrv is not loaded");
    }
    if (shares_with_kvm(host)) {
        return judge_sharing_virtualbox(host);
    }
    if (takes_all_at_load(host)) {
        return warn(
            fmt::format("{} is loaded, and KVM holds the CPU's virtualization all the time "
                        "(/sys/module/kvm/parameters/enable_virt_at_load is Y): the VMs of VirtualBox before 7.2.10 "
                        "cannot start",
                        virtualbox_module(host)),
            set_parameter(host,
                          {.module = "kvm",
                           .setting = "enable_virt_at_load=0",
                           .file = "/etc/modprobe.d/virtualbox-kvm.conf",
                           .reload = reload(host)},
                          "update VirtualBox; with an older one, if both shall be used in turn, let KVM take it with "
                          "its first VM only"));
    }
    return warn(
        fmt::format("{} is loaded: while a VM of VirtualBox runs, KVM's cannot start (EBUSY)", virtualbox_module(host)),
        Remedy{"stop VirtualBox's VMs before KVM's are started, or unload its modules",
               {"modprobe -r vboxnetadp vboxnetflt vboxdrv"}});
}

Verdict judge_vmware(const HostFacts& host)
{
    if (!host.conflicts.vmware) {
        return skip("VMware's module vmmon is not loaded");
    }
    return warn("vmmon is loaded: while a VM of VMware Workstation runs, KVM's cannot start (EBUSY)",
                Remedy{"stop VMware's VMs before KVM's are started, or unload its module", {"modprobe -r vmmon"}});
}

/// A device node as guests' networks need it.
struct Wanted {
    const char* path;
    const char* what;
    const char* mknod;  ///< The command that makes it.
};

constexpr Wanted tun{.path = "/dev/net/tun",
                     .what = "tun's device (character device 10:200)",
                     .mknod = "mknod -m 0666 /dev/net/tun c 10 200"};
constexpr Wanted vhost_net{.path = "/dev/vhost-net",
                           .what = "vhost_net's device (character device 10:238)",
                           .mknod = "mknod -m 0600 /dev/vhost-net c 10 238"};
constexpr Wanted vhost_vsock{.path = "/dev/vhost-vsock",
                             .what = "vhost_vsock's device (character device 10:241)",
                             .mknod = "mknod -m 0600 /dev/vhost-vsock c 10 241"};

/// Absent where the node is missing, which means something else for each.
std::optional<Verdict> judge_node(const Fact<NamedNode>& node, const Wanted& wanted)
{
    if (!node) {
        return unknown(node.error());
    }
    if (!*node) {
        return skip(fmt::format("not recorded: {}", wanted.path));
    }
    switch ((*node)->state) {
        case NodeState::missing: return std::nullopt;
        case NodeState::right: return pass(fmt::format("{} is the {}", wanted.path, (*node)->shape));
        case NodeState::wrong: break;
    }
    return warn(fmt::format("{} is not {} but a {}", wanted.path, wanted.what, (*node)->shape),
                Remedy{"put the right node in its place", {fmt::format("rm -r {}", wanted.path), wanted.mknod}});
}

Verdict judge_tun(const HostFacts& host)
{
    if (auto verdict = judge_node(host.network.tun, tun)) {
        return *std::move(verdict);
    }
    return warn("there is no /dev/net/tun: guests on a bridge or on libvirt's networks cannot start",
                Remedy{"load the module, and make the node where nobody does; a container is given the device where it "
                       "is started (docker --device /dev/net/tun)",
                       {"modprobe tun", "mkdir -p /dev/net", tun.mknod}});
}

Verdict judge_vhost_net(const HostFacts& host)
{
    if (auto verdict = judge_node(host.network.vhost_net, vhost_net)) {
        return *std::move(verdict);
    }
    if (!host.network.has_vhost_net) {
        return skip("this kernel has no vhost_net; QEMU carries guests' packets itself");
    }
    return warn("there is no /dev/vhost-net: QEMU carries each packet itself, and guests' networks are slower",
                Remedy{"load the module, now and at every boot",
                       {"modprobe vhost_net", "echo vhost_net >/etc/modules-load.d/vhost-net.conf"}});
}

/// Before Linux 5.5 only one transport of vsock could be registered.
bool takes_one_transport(const HostFacts& host)
{
    constexpr Version several{5, 5, 0};
    const auto release = host.kernel ? parse_version(upstream_version(host.kernel->value_or(""))) : std::nullopt;
    return release && *release < several;
}

Verdict judge_vhost_vsock(const HostFacts& host)
{
    if (auto verdict = judge_node(host.network.vhost_vsock, vhost_vsock)) {
        return *std::move(verdict);
    }
    if (host.network.vmci_transport && takes_one_transport(host)) {
        return warn(
            "VMware's transport of vsock is loaded and keeps vhost_vsock out (EBUSY): VMs with a vsock device "
            "cannot start",
            Remedy{"unload VMware's transport, whose users are VMware's tools, and load vhost_vsock",
                   {"modprobe -r vmw_vsock_vmci_transport vmw_vmci", "modprobe vhost_vsock"}});
    }
    return skip("vhost_vsock is not loaded, which only VMs with a vsock device need");
}

Verdict judge_bridge_filter(const HostFacts& host)
{
    const auto& filter = host.network.bridge_filter;
    if (!filter) {
        return unknown(filter.error());
    }
    if (!host.network.looked_at_sysctls) {
        return skip("not recorded: /proc/sys/net");
    }
    if (!*filter) {
        return skip("the firewall does not see what bridges carry: br_netfilter is not loaded");
    }
    if (**filter != "1") {
        return pass("the firewall does not see what bridges carry");
    }
    if (!host.network.docker) {
        return pass("the firewall sees what bridges carry, but Docker, which drops it, is not here");
    }
    const auto& policy = host.network.forward_policy;
    if (policy && (*policy == "accept" || *policy == "drop-ipv6")) {  // net.forward_policy warns of the latter
        return pass("the firewall sees what bridges carry, and lets pass what it has no rule for");
    }
    return warn(
        "Docker is here and the firewall sees what bridges carry (net.bridge.bridge-nf-call-iptables is 1): "
        "where Docker drops forwarded packets, VMs on a bridge have no network",
        Remedy{"if VMs have no network, let Docker's rules pass their bridge, here libvirt's; or keep the "
               "firewall off bridges (sysctl net.bridge.bridge-nf-call-iptables=0), which Kubernetes forbids",
               {"iptables -I DOCKER-USER -i virbr+ -j ACCEPT", "iptables -I DOCKER-USER -o virbr+ -j ACCEPT"}});
}

Verdict dropped(std::string_view protocol, std::string_view program)
{
    const auto rule = [program](char side) { return fmt::format("{} -I FORWARD -{} virbr+ -j ACCEPT", program, side); };
    return warn(
        fmt::format("the firewall sees what bridges carry and drops what no rule lets pass (policy DROP of {}'s "
                    "FORWARD): VMs on a bridge have no network unless a rule names it",
                    protocol),
        Remedy{"if VMs have no network, let their bridge pass, here libvirt's, or keep the firewall off bridges "
               "(sysctl net.bridge.bridge-nf-call-iptables=0, and the same for ip6tables), which Kubernetes forbids",
               {rule('i'), rule('o')}});
}

/// Whether the rules that bridged packets pass end in a drop, whoever made them.
Verdict judge_forward_policy(const HostFacts& host)
{
    const auto& filter = host.network.bridge_filter;
    if (!filter) {
        return unknown(filter.error());
    }
    if (!*filter || **filter != "1") {
        return skip("the firewall does not see what bridges carry");
    }
    const auto& policy = host.network.forward_policy;
    if (!policy) {
        return unknown(policy.error());
    }
    if (!*policy) {
        return skip("not recorded: the policy of the chain FORWARD");
    }
    if (**policy == "drop") {
        return dropped("IPv4", "iptables");
    }
    return **policy == "drop-ipv6" ? dropped("IPv6", "ip6tables")
                                   : pass("the firewall lets pass what is forwarded and what it has no rule for");
}

std::string users_phrase(const std::vector<KvmUser>& users)
{
    constexpr std::size_t most_named = 4;
    std::vector<std::string> names;
    for (const KvmUser& user : users) {
        if (names.size() == most_named) {
            names.push_back(fmt::format("{} more", users.size() - most_named));
            break;
        }
        names.push_back(fmt::format("{} ({}{})", user.command, user.pid, user.machine ? "" : ", no VM yet"));
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

/// Who uses KVM beside us. That is no fault; it tells whose VMs are stopped before a module is loaded anew.
Verdict judge_other_vmm(const HostFacts& host)
{
    const auto& found = host.conflicts.kvm_users;
    if (!found) {
        return unknown(found.error());
    }
    if (!*found) {
        return skip("not recorded: which processes use KVM");
    }
    const auto& [users, hidden] = **found;
    const auto unseen =
        hidden == 0
            ? std::string{}
            : fmt::format("the open files of {} process{} are for root to see", hidden, hidden == 1 ? "" : "es");
    if (users.empty()) {
        return hidden == 0 ? pass("no process has KVM open") : skip(unseen);
    }
    return pass(fmt::format("KVM is used by {}{}{}", users_phrase(users), unseen.empty() ? "" : "; ", unseen));
}

constexpr std::array checks{
    Check{
        "conflict.virtualbox", "VirtualBox is not in the way", Severity::advisory, {"kvm.create_vm"}, judge_virtualbox},
    Check{"conflict.vmware", "VMware is not in the way", Severity::advisory, {"kvm.create_vm"}, judge_vmware},
    Check{"conflict.other_vmm", "who uses KVM already", Severity::advisory, {"kvm.device"}, judge_other_vmm},
    Check{"net.tun", "guests can have tap devices", Severity::advisory, {}, judge_tun},
    Check{"net.vhost_net", "the kernel carries guests' packets", Severity::advisory, {}, judge_vhost_net},
    Check{"net.br_netfilter", "Docker does not cut guests off", Severity::advisory, {}, judge_bridge_filter},
    Check{"net.forward_policy",
          "the firewall lets bridges pass",
          Severity::advisory,
          {"net.br_netfilter"},
          judge_forward_policy},
    Check{"net.vhost_vsock", "guests can have vsock devices", Severity::advisory, {}, judge_vhost_vsock},
};

}  // namespace

std::span<const Check> host_checks()
{
    return checks;
}

}  // namespace kvmkit
