// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/libvirt_daemon.hpp"
#include "check/qemu_start.hpp"
#include "check/traits.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace kvmkit {
namespace {

struct Installer {
    std::string_view distribution;
    std::string_view command;  ///< Of QEMU for x86; {} is the target where the names of packages hold it.
};

constexpr std::array installers{Installer{"fedora", "dnf install qemu-kvm"},
                                Installer{"rhel", "dnf install qemu-kvm"},
                                Installer{"centos", "dnf install qemu-kvm"},
                                Installer{"rocky", "dnf install qemu-kvm"},
                                Installer{"almalinux", "dnf install qemu-kvm"},
                                Installer{"arch", "pacman -S qemu-base"},
                                Installer{"alpine", "apk add qemu-system-"},
                                Installer{"opensuse-leap", "zypper install qemu-kvm"},
                                Installer{"opensuse-tumbleweed", "zypper install qemu-kvm"},
                                Installer{"sles", "zypper install qemu-kvm"},
                                Installer{"debian", "apt-get install qemu-system-"},
                                Installer{"ubuntu", "apt-get install qemu-system-"},
                                Installer{"linuxmint", "apt-get install qemu-system-"}};

/// What Debian calls the package of a target, behind "qemu-system-".
std::string debian_family(const std::string& target)
{
    constexpr std::array families{std::pair{"x86_64", "x86"},
                                  std::pair{"i386", "x86"},
                                  std::pair{"aarch64", "arm"},
                                  std::pair{"arm", "arm"},
                                  std::pair{"ppc64", "ppc"}};
    for (const auto& [name, family] : families) {
        if (target == name) {
            return family;
        }
    }
    return "misc";
}

Remedy install_qemu(const HostFacts& host)
{
    const auto id = distribution_id(host);
    const auto found = std::ranges::find(installers, id, &Installer::distribution);
    if (found == installers.end()) {
        return {"install QEMU and what belongs to it", {"host-setup apply"}};
    }
    std::string command{found->command};
    if (command.ends_with('-')) {
        command += id == "alpine" ? host.qemu.target : debian_family(host.qemu.target);
    }
    return {"install QEMU; 'host-setup apply' does it and sets up the rest", {std::move(command)}};
}

bool installed(const QemuFacts& qemu)
{
    return qemu.binary && *qemu.binary;
}

Verdict no_qemu(const HostFacts& host)
{
    return host.qemu.looked ? unneeded("QEMU is not installed", install_qemu(host)) : skip("not recorded: /usr/bin");
}

Verdict judge_binary(const HostFacts& host)
{
    const QemuFacts& qemu = host.qemu;
    if (!qemu.looked) {
        return no_qemu(host);
    }
    if (qemu.target.empty()) {
        return skip("it is not known what QEMU for this architecture is called");
    }
    if (installed(qemu)) {
        return pass(fmt::format("{} is installed", **qemu.binary));
    }
    return warn(fmt::format("QEMU for this architecture is not installed: there is no /usr/bin/qemu-system-{}, "
                            "/usr/libexec/qemu-kvm or the like",
                            qemu.target),
                install_qemu(host));
}

Verdict judge_version(const HostFacts& host)
{
    if (!installed(host.qemu)) {
        return no_qemu(host);
    }
    const auto& version = host.qemu.version;
    if (!version || !*version) {
        return skip(
            fmt::format("no database of packages that is quick to read tells; {} --version does", **host.qemu.binary));
    }
    return pass(fmt::format("{} is QEMU {}", **host.qemu.binary, **version));
}

/// Machines of these have no other firmware that QEMU brings along.
bool needs_uefi(const std::string& target)
{
    return target == "aarch64" || target == "loongarch64";
}

Remedy install_firmware(const HostFacts& host)
{
    const auto id = distribution_id(host);
    const bool arm = host.qemu.target == "aarch64";
    Remedy remedy{"install the firmware (edk2) for guests of this architecture"};
    if (arm && (id == "debian" || id == "ubuntu")) {
        remedy.commands = {"apt-get install qemu-efi-aarch64"};
    } else if (arm && (id == "fedora" || id == "rhel" || id == "centos" || id == "rocky" || id == "almalinux")) {
        remedy.commands = {"dnf install edk2-aarch64"};
    } else {
        remedy.commands = {"host-setup apply"};
    }
    return remedy;
}

/// Descriptors without their images are what is left of a package, or were written by hand for another place.
Verdict judge_missing_images(const Firmware& firmware)
{
    return warn(fmt::format("{} names {}, which is not there, and no other UEFI firmware is: guests with UEFI cannot "
                            "start",
                            firmware.descriptor,
                            firmware.image),
                Remedy{"install the package of the descriptor anew, or remove the descriptor"});
}

Verdict judge_firmware(const HostFacts& host)
{
    const QemuFacts& qemu = host.qemu;
    if (!installed(qemu)) {
        return no_qemu(host);
    }
    const auto usable = [](const Firmware& one) { return one.uefi && one.present; };
    const auto first = std::ranges::find_if(qemu.firmware, usable);
    if (first != qemu.firmware.end()) {
        const auto secure = std::ranges::find_if(
            qemu.firmware, [&usable](const Firmware& one) { return usable(one) && one.secure_boot; });
        return pass(secure == qemu.firmware.end()
                        ? fmt::format("{} is UEFI; none is there for Secure Boot", first->image)
                        : fmt::format("{} is UEFI, with Secure Boot", secure->image));
    }
    const auto broken = std::ranges::find_if(qemu.firmware, &Firmware::uefi);
    if (broken != qemu.firmware.end()) {
        return judge_missing_images(*broken);
    }
    if (needs_uefi(qemu.target)) {
        return warn(
            "no UEFI firmware is described in /usr/share/qemu/firmware, and guests of this architecture boot "
            "by nothing else",
            install_firmware(host));
    }
    return skip("no UEFI firmware is described in /usr/share/qemu/firmware: guests boot without it");
}

Verdict judge_account(std::string_view key, const std::string& name, const std::string& restart)
{
    return warn(fmt::format("/etc/libvirt/qemu.conf names the {} '{}', which /etc/{} does not: libvirt can start no VM",
                            key,
                            name,
                            key == "user" ? "passwd" : "group"),
                Remedy{fmt::format("name a {} that exists, or leave the line away, and start libvirt anew", key),
                       {fmt::format("sed -i 's/^ *{} *=/#&/' /etc/libvirt/qemu.conf", key), restart}});
}

Verdict judge_user(const HostFacts& host)
{
    if (!host.libvirt.installed()) {
        return not_installed(host.libvirt);
    }
    if (!host.libvirt.conf) {
        return skip(host.libvirt.conf.error().message);
    }
    if (!*host.libvirt.conf) {
        return skip("there is no /etc/libvirt/qemu.conf");
    }
    const QemuConf& conf = **host.libvirt.conf;
    const auto restart = restart_command(host.libvirt);
    if (conf.user_state == AccountState::unknown) {
        return judge_account("user", conf.user, restart);
    }
    if (conf.group_state == AccountState::unknown) {
        return judge_account("group", conf.group, restart);
    }
    if (conf.user_state == AccountState::elsewhere || conf.group_state == AccountState::elsewhere) {
        return skip("the account that /etc/libvirt/qemu.conf names may be a directory service's, which is not asked");
    }
    return pass(conf.user.empty() ? "/etc/libvirt/qemu.conf leaves QEMU's user as libvirt was built"
                                  : fmt::format("QEMU's user '{}' exists", conf.user));
}

constexpr std::array checks{
    Check{"qemu.binary", "QEMU for this architecture is installed", Severity::advisory, {}, judge_binary},
    Check{"qemu.version", "QEMU's version", Severity::advisory, {"qemu.binary"}, judge_version},
    Check{"qemu.firmware", "guests can boot by UEFI", Severity::advisory, {"qemu.binary"}, judge_firmware},
    Check{"qemu.accel", "QEMU starts with KVM", Severity::required, {"kvm.create_vm", "qemu.binary"}, judge_qemu_start},
    Check{"qemu.user", "the user and group of libvirt's QEMU exist", Severity::advisory, {}, judge_user},
};

}  // namespace

std::span<const Check> qemu_checks()
{
    return checks;
}

}  // namespace kvmkit
