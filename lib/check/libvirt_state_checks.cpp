// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/libvirt_daemon.hpp"
#include "check/traits.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

/// Newer versions of libvirt notice by themselves, but only when they are asked next.
Verdict judge_noted(const HostFacts& host)
{
    const LibvirtFacts& libvirt = host.libvirt;
    if (!libvirt.installed()) {
        return not_installed(libvirt);
    }
    if (!libvirt.noted) {
        return skip(libvirt.noted.error().message);
    }
    if (!*libvirt.noted || (*libvirt.noted)->empty()) {
        return skip("libvirt has noted nothing of QEMU yet in /var/cache/libvirt/qemu/capabilities");
    }
    if (!host.kvm.creates_machines()) {
        return skip("KVM makes no VM that libvirt could have missed");
    }
    const auto blind = std::ranges::find(**libvirt.noted, false, &NotedEmulator::kvm);
    if (blind == (*libvirt.noted)->end()) {
        return pass(fmt::format("libvirt has noted that {} has KVM", (*libvirt.noted)->front().emulator));
    }
    return warn(fmt::format("/dev/kvm works, but libvirt has noted that {} has no KVM (/var/cache/libvirt/qemu/"
                            "capabilities): until it looks again it refuses VMs of type kvm",
                            blind->emulator),
                Remedy{"have libvirt ask QEMU anew",
                       {"rm -f /var/cache/libvirt/qemu/capabilities/*.xml", restart_command(libvirt)}});
}

/// "192.168.122" of 192.168.122.0/24.
std::string stem(const Ipv4Range& range)
{
    const auto text = to_text(range);
    return text.substr(0, text.rfind('.'));
}

std::string escaped(std::string text)
{
    for (auto at = text.find('.'); at != std::string::npos; at = text.find('.', at + 2)) {
        text.insert(at, 1, '\\');
    }
    return text;
}

Remedy move_network(const DefaultNetwork& network)
{
    constexpr unsigned whole_byte = 24;
    if (!network.spare || network.range.prefix != whole_byte) {
        return {"give it a range that nothing else here uses",
                {"virsh net-edit default", "virsh net-destroy default", "virsh net-start default"}};
    }
    return {fmt::format("give it a range that no route leads to, such as {}", to_text(*network.spare)),
            {fmt::format(R"(virsh net-dumpxml --inactive default | sed 's/{}\./{}./g' >default-network.xml)",
                         escaped(stem(network.range)),
                         stem(*network.spare)),
             "virsh net-define default-network.xml",
             "virsh net-destroy default",
             "virsh net-start default"}};
}

Verdict judge_default_network(const HostFacts& host)
{
    const LibvirtFacts& libvirt = host.libvirt;
    if (!libvirt.installed()) {
        return not_installed(libvirt);
    }
    if (!libvirt.default_network) {
        return skip(libvirt.default_network.error().message);
    }
    if (!*libvirt.default_network) {
        return skip("libvirt has no network \"default\" with addresses of IPv4");
    }
    const DefaultNetwork& network = **libvirt.default_network;
    if (!network.clash) {
        return pass(
            fmt::format("no route of another device leads to {} of {}", to_text(network.range), network.bridge));
    }
    const bool same = network.clash->range == network.range;
    return warn(fmt::format("libvirt's network \"default\" has the addresses {}, and {} leads to {}: {}",
                            to_text(network.range),
                            network.clash->device,
                            to_text(network.clash->range),
                            same ? "it cannot start, as in a VM of a host with the same network"
                                 : "its VMs do not reach these addresses, or the host does not reach its VMs"),
                move_network(network));
}

Remedy install_parser(const HostFacts& host)
{
    const auto id = distribution_id(host);
    Remedy remedy{"install the package with AppArmor's programs and start libvirt anew"};
    if (id == "debian" || id == "ubuntu") {
        remedy.commands.emplace_back("apt-get install apparmor");
    } else if (id.starts_with("opensuse") || id == "sles") {
        remedy.commands.emplace_back("zypper install apparmor-parser");
    }
    remedy.commands.push_back(restart_command(host.libvirt));
    return remedy;
}

Verdict judge_apparmor(const HostFacts& host)
{
    const SecurityFacts& security = host.security;
    if (!host.libvirt.installed()) {
        return not_installed(host.libvirt);
    }
    if (!security.looked) {
        return skip("not recorded: /sys/module");
    }
    if (!security.apparmor) {
        return skip("AppArmor is not on");
    }
    if (!security.template_installed) {
        return skip("libvirt was installed without profiles of AppArmor for VMs");
    }
    if (!security.parser_installed) {
        return warn(
            "AppArmor is on and libvirt has profiles for it, but apparmor_parser is not installed: VMs are not "
            "confined",
            install_parser(host));
    }
    return pass(
        "AppArmor can confine VMs: images in /var/lib/libvirt/images are let in, other places by "
        "/etc/apparmor.d/local/abstractions/libvirt-qemu");
}

Verdict judge_selinux(const HostFacts& host)
{
    const SecurityFacts& security = host.security;
    if (!host.libvirt.installed()) {
        return not_installed(host.libvirt);
    }
    if (!security.enforcing) {
        return skip(security.enforcing.error().message);
    }
    if (!*security.enforcing) {
        return skip("SELinux is not on");
    }
    if (!**security.enforcing) {
        return pass("SELinux is permissive: it forbids VMs nothing");
    }
    const auto boolean = boolean_for(security.images_on);
    if (boolean.empty()) {
        return pass("SELinux enforces its policy, and no network's file system holds /var/lib/libvirt/images");
    }
    const bool told = security.images_allowed && *security.images_allowed;
    if (!told) {
        return skip(fmt::format(
            "it is not known whether SELinux lets VMs use {}: there is no boolean {}", security.images_on, boolean));
    }
    if (**security.images_allowed) {
        return pass(fmt::format("SELinux lets VMs use {} ({} is on)", security.images_on, boolean));
    }
    return warn(fmt::format("/var/lib/libvirt/images lies on {}, and SELinux keeps VMs off it ({} is off)",
                            security.images_on,
                            boolean),
                Remedy{"let VMs use it", {fmt::format("setsebool -P {} on", boolean)}});
}

/// Why there are no answers to judge; absent: there are.
std::optional<Verdict> without_answers(const LibvirtFacts& libvirt)
{
    if (!libvirt.installed()) {
        return not_installed(libvirt);
    }
    if (!libvirt.answers) {
        const auto& error = libvirt.answers.error();
        return error.code == ErrorCode::not_found ? does_not_apply(error.message) : unknown(error);
    }
    return *libvirt.answers ? std::nullopt : std::optional{does_not_apply("libvirt was not asked")};
}

Verdict judge_connect(const HostFacts& host)
{
    if (auto verdict = without_answers(host.libvirt)) {
        return *std::move(verdict);
    }
    const LibvirtAnswers& answers = **host.libvirt.answers;
    if (answers.connected()) {
        return pass(fmt::format("libvirt {} answers{}{}",
                                answers.daemon.empty() ? answers.client : answers.daemon,
                                answers.hypervisor.empty() ? "" : ", with ",
                                answers.hypervisor));
    }
    return warn(answers.problem, Remedy{"see what its daemon says, or start it anew", {restart_command(host.libvirt)}});
}

Verdict judge_domain_capabilities(const HostFacts& host)
{
    if (auto verdict = without_answers(host.libvirt)) {
        return *std::move(verdict);
    }
    const LibvirtAnswers& answers = **host.libvirt.answers;
    if (answers.types.empty()) {
        return skip("libvirt tells only those who may manage it");
    }
    if (!host.kvm.creates_machines()) {
        return skip("KVM makes no VM that libvirt could offer");
    }
    const auto* kvm = answers.type("kvm");
    if (kvm != nullptr && kvm->usable) {
        return pass(fmt::format("libvirt offers VMs of type kvm{}{}",
                                kvm->cpu_modes.empty() ? "" : ", with the CPU as ",
                                fmt::join(kvm->cpu_modes, ", ")));
    }
    return warn(fmt::format("/dev/kvm works, but libvirt offers no VM of type kvm: {}",
                            kvm == nullptr ? "it was not among the answers" : kvm->problem),
                Remedy{"give the account of its QEMU access to /dev/kvm (libvirt.qemu_access), and have libvirt ask "
                       "QEMU anew",
                       {"rm -f /var/cache/libvirt/qemu/capabilities/*.xml", restart_command(host.libvirt)}});
}

constexpr std::array checks{
    Check{"libvirt.caps_stale",
          "libvirt knows that QEMU has KVM",
          Severity::advisory,
          {"kvm.create_vm", "libvirt.qemu_access"},
          judge_noted},
    Check{
        "libvirt.connect", "libvirt answers", Severity::advisory, {"libvirt.service", "libvirt.group"}, judge_connect},
    Check{"libvirt.domcaps",
          "libvirt offers VMs with KVM",
          Severity::advisory,
          {"libvirt.connect", "libvirt.caps_stale"},
          judge_domain_capabilities},
    Check{"libvirt.default_net",
          "libvirt's network has addresses of its own",
          Severity::advisory,
          {},
          judge_default_network},
    Check{"libvirt.apparmor", "AppArmor lets libvirt's VMs run", Severity::advisory, {}, judge_apparmor},
    Check{"libvirt.selinux", "SELinux lets libvirt's VMs run", Severity::advisory, {}, judge_selinux},
};

}  // namespace

std::span<const Check> libvirt_state_checks()
{
    return checks;
}

}  // namespace kvmkit
