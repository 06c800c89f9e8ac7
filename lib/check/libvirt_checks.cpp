// SPDX-License-Identifier: Apache-2.0
#include "check/access.hpp"
#include "check/catalogue.hpp"
#include "check/libvirt_daemon.hpp"
#include "facts/access.hpp"

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit {

Verdict not_installed(const LibvirtFacts& libvirt)
{
    return libvirt.looked ? unneeded("libvirt is not installed", {"install libvirt", {"host-setup apply"}})
                          : skip("not recorded: /usr/sbin");
}

bool is_modular(const LibvirtFacts& libvirt)
{
    const bool chosen = libvirt.modular.enabled && !libvirt.monolithic.enabled;
    return libvirt.modular.installed && (chosen || !libvirt.monolithic.installed);
}

std::string restart_command(const LibvirtFacts& libvirt)
{
    const auto* daemon = is_modular(libvirt) ? "virtqemud" : "libvirtd";
    switch (libvirt.manager) {
        case ServiceManager::systemd: return fmt::format("systemctl restart {}", daemon);
        case ServiceManager::openrc: return fmt::format("rc-service {} restart", daemon);
        case ServiceManager::none: break;
    }
    return fmt::format("kill $(pidof {0}); {0} -d", daemon);
}

namespace {

Remedy start(const LibvirtFacts& libvirt)
{
    const bool modular = is_modular(libvirt);
    switch (libvirt.manager) {
        case ServiceManager::systemd:
            if (modular) {
                return {"start it, now and at every boot; networks have a daemon of their own",
                        {"systemctl enable --now virtqemud.socket", "systemctl enable --now virtnetworkd.socket"}};
            }
            return {"start it, now and at every boot", {"systemctl enable --now libvirtd"}};
        case ServiceManager::openrc:
            return {"start it, now and at every boot",
                    {fmt::format("rc-service {} start", modular ? "virtqemud" : "libvirtd"),
                     fmt::format("rc-update add {} default", modular ? "virtqemud" : "libvirtd")}};
        case ServiceManager::none: break;
    }
    return {"no service manager runs here: start it by hand",
            {modular ? "virtlogd -d && virtqemud -d" : "virtlogd -d && libvirtd -d"}};
}

Remedy unmask(const LibvirtFacts& libvirt)
{
    const auto* units = is_modular(libvirt) ? "virtqemud.service virtqemud.socket" : "libvirtd.service libvirtd.socket";
    Remedy remedy = start(libvirt);
    remedy.summary = "somebody forbade systemd to start it; if VMs of libvirt shall run here, allow it again";
    remedy.commands.insert(remedy.commands.begin(), fmt::format("systemctl unmask {}", units));
    return remedy;
}

const LibvirtDaemon& chosen(const LibvirtFacts& libvirt)
{
    return is_modular(libvirt) ? libvirt.modular : libvirt.monolithic;
}

const char* name(const LibvirtFacts& libvirt)
{
    return is_modular(libvirt) ? "virtqemud" : "libvirtd";
}

/// Where nobody could be asked: what would happen at boot.
Verdict judge_at_boot(const LibvirtFacts& libvirt)
{
    if (chosen(libvirt).masked) {
        return warn(fmt::format("{} is masked", name(libvirt)), unmask(libvirt));
    }
    if (chosen(libvirt).enabled) {
        return pass(fmt::format("{} is started at boot", name(libvirt)));
    }
    return libvirt.manager == ServiceManager::none
               ? skip("nothing was recorded that starts services")
               : warn(fmt::format("{} is installed, but nothing starts it at boot", name(libvirt)), start(libvirt));
}

Verdict judge_silence(const LibvirtFacts& libvirt)
{
    if (chosen(libvirt).masked && libvirt.manager == ServiceManager::systemd) {
        return warn(fmt::format("{} does not run and is masked", name(libvirt)), unmask(libvirt));
    }
    return warn(fmt::format("{} is installed and does not run: there is no socket in /run/libvirt", name(libvirt)),
                start(libvirt));
}

Verdict judge_answer(const LibvirtFacts& libvirt, const std::string& socket, int errnum)
{
    switch (errnum) {
        case 0: return pass(fmt::format("something listens at {}", socket));
        case EAGAIN:
            return warn(fmt::format("something listens at {}, but takes no further client now", socket),
                        Remedy{"see what keeps it busy, or raise max_clients in /etc/libvirt"});
        case EACCES:
        case EPERM:
            return skip(fmt::format("{} is there, but this user may not ask it; libvirt.group tells more", socket));
        case ECONNREFUSED: return warn(fmt::format("{} is a leftover: nobody listens there", socket), start(libvirt));
        default: return warn(fmt::format("cannot connect to {}: {}", socket, errno_text(errnum)), start(libvirt));
    }
}

Verdict judge_service(const HostFacts& host)
{
    const LibvirtFacts& libvirt = host.libvirt;
    if (!libvirt.installed()) {
        return not_installed(host.libvirt);
    }
    if (!libvirt.socket) {
        return judge_at_boot(libvirt);
    }
    if (!*libvirt.socket) {
        return judge_silence(libvirt);
    }
    const bool tried = libvirt.connect && *libvirt.connect;
    return tried ? judge_answer(libvirt, **libvirt.socket, (*libvirt.connect)->errnum)
                 : skip("nobody tried to connect");
}

/// The group is what the socket's mode asks for, or polkit's rule, so a connection that is taken proves nothing.
Verdict judge_group(const HostFacts& host)
{
    if (!host.libvirt.installed()) {
        return not_installed(host.libvirt);
    }
    if (!host.user || !*host.user) {
        return skip("it was not recorded who asked");
    }
    const UserFacts& user = **host.user;
    if (user.uid == 0) {
        return pass("root may manage libvirt");
    }
    if (!host.libvirt.group || !*host.libvirt.group) {
        return skip("there is no group \"libvirt\"");
    }
    const GroupFacts& group = **host.libvirt.group;
    if (user.gids.contains(group.gid)) {
        return pass(fmt::format("user {} is in the group \"libvirt\"", user.name));
    }
    if (group.members.contains(user.name)) {
        return warn(fmt::format("user {} is in the group \"libvirt\", but this session began before", user.name),
                    Remedy{"log in again", {"newgrp libvirt"}});
    }
    return warn(fmt::format("user {} is not in the group \"libvirt\" and may not manage qemu:///system", user.name),
                Remedy{"join it as root, then log in again; qemu:///session needs no group",
                       {join_command(host, user.name, "libvirt")}});
}

constexpr unsigned may_use = 06;  // reading and writing

bool may_open(const QemuAccount& account, const DeviceNode& node)
{
    return may_read_and_write(node, {.name = account.name, .uid = account.uid, .gids = account.gids});
}

/// The node shut to its group is opened; the account outside of the group is put into it.
Remedy let_qemu_in(const HostFacts& host, const DeviceNode& node, const QemuAccount& account)
{
    constexpr unsigned group_may_use = may_use << 3U;
    const bool known = host.kvm_group && *host.kvm_group;
    Remedy remedy{"give the device to the group \"kvm\", as udev does on most hosts"};
    if (known && node.gid == (*host.kvm_group)->gid && (node.mode & group_may_use) == group_may_use) {
        remedy.summary = "put the account into the group \"kvm\"; VMs that are started from then on have it";
    } else {
        if (!known) {
            remedy.commands.emplace_back("groupadd --system kvm");
        }
        remedy.commands.insert(remedy.commands.end(), {"chgrp kvm /dev/kvm", "chmod 0660 /dev/kvm"});
    }
    if (!known || !account.gids.contains((*host.kvm_group)->gid)) {
        remedy.commands.push_back(join_command(host, account.name, "kvm"));
    }
    return remedy;
}

/// libvirt finds KVM with its own rights and loses it with QEMU's: it then asks QEMU anew at every start of a VM, which
/// was seen to take a minute.
Verdict judge_qemu_access(const HostFacts& host)
{
    if (!host.libvirt.installed()) {
        return not_installed(host.libvirt);
    }
    const auto& node = host.kvm.node;
    if (!node || !*node || (*node)->kind != NodeKind::kvm_device) {
        return skip("there is no /dev/kvm to look at");
    }
    if (!host.libvirt.qemu || !*host.libvirt.qemu) {
        return skip("/etc/passwd has no account for libvirt's QEMU");
    }
    const QemuAccount& account = **host.libvirt.qemu;
    if (may_open(account, **node)) {
        return pass(fmt::format("user {}, who runs libvirt's QEMU, may open /dev/kvm", account.name));
    }
    return warn(
        fmt::format("user {}, who runs libvirt's QEMU, may not open /dev/kvm (mode {:04o}, owner {}, group {}): "
                    "VMs get no KVM, and each start of one may take a minute",
                    account.name,
                    (*node)->mode,
                    (*node)->uid,
                    (*node)->gid),
        let_qemu_in(host, **node, account));
}

constexpr std::array checks{
    Check{"libvirt.service", "libvirt runs", Severity::advisory, {}, judge_service},
    Check{"libvirt.group", "this user may manage libvirt", Severity::advisory, {}, judge_group},
    Check{"libvirt.qemu_access",
          "libvirt's QEMU may open /dev/kvm",
          Severity::advisory,
          {"kvm.device"},
          judge_qemu_access},
};

}  // namespace

std::span<const Check> libvirt_checks()
{
    return checks;
}

}  // namespace kvmkit
