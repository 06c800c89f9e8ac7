// SPDX-License-Identifier: Apache-2.0
#include "probe/collect_software.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "probe/software.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::array named_groups{"kvm", "libvirt", "libvirt-qemu", "libvirtd", "qemu"};

/// Folders whose presence says that somebody looked, or what runs.
constexpr std::array folders{"usr/bin",
                             "usr/sbin",
                             "proc/sys/net",
                             "run/systemd/system",
                             "run/openrc",
                             "sys/class/net/docker0",
                             "sys/module/vmw_vsock_vmci_transport"};

constexpr std::array programs{"usr/sbin/libvirtd",
                              "usr/sbin/virtqemud",
                              "usr/sbin/apparmor_parser",
                              "etc/apparmor.d/libvirt/TEMPLATE.qemu",
                              "sys/kernel/debug/x86/tboot_log"};

class Presence {
public:
    Presence(const Root& root, FileTree& files) : root_(root), files_(files) {}

    void add(const std::string& path)
    {
        if (root_.exists(path)) {
            add_file(files_, path, {});
        }
    }

    /// A name in a folder; where its link leads does not matter.
    void add_listed(const std::string& folder, const std::string& name)
    {
        const auto names = root_.names(folder);
        if (names && *names && std::ranges::find(**names, name) != (*names)->end()) {
            add_file(files_, fmt::format("{}/{}", folder, name), {});
        }
    }

    /// A unit that is masked: a link to /dev/null, which in an archive has to be relative.
    void add_mask(const std::string& folder, const std::string& unit)
    {
        const auto path = fmt::format("{}/{}", folder, unit);
        const auto target = root_.link_target(path);
        if (target && *target && (*target)->ends_with("/dev/null")) {
            add_file(files_, path, "../../../dev/null");
            files_[path].kind = TreeEntry::Kind::link;
        }
    }

private:
    const Root& root_;
    FileTree& files_;
};

void add_daemon(const std::string& name, Presence& presence)
{
    const auto service = name + ".service";
    presence.add("usr/lib/systemd/system/" + service);
    presence.add("lib/systemd/system/" + service);
    presence.add_mask("etc/systemd/system", service);
    presence.add_mask("run/systemd/system", service);
    presence.add_listed("etc/systemd/system/sockets.target.wants", name + ".socket");
    presence.add_listed("etc/systemd/system/multi-user.target.wants", service);
    presence.add_listed("etc/runlevels/default", name);
}

std::string judged_user(const HostFacts& host)
{
    return host.user && *host.user ? (*host.user)->name : std::string{};
}

const QemuAccount* qemu_account(const HostFacts& host)
{
    return host.libvirt.qemu && *host.libvirt.qemu ? &**host.libvirt.qemu : nullptr;
}

/// Through which groups libvirt's QEMU may get to the device: its own, that of the device, the one that is configured.
bool concerns_qemu(const HostFacts& host, std::string_view name, unsigned gid)
{
    const auto* account = qemu_account(host);
    const auto& node = host.kvm.node;
    const auto& conf = host.libvirt.conf;
    return (account != nullptr && account->gids.contains(gid)) || (node && *node && (*node)->gid == gid && gid != 0) ||
           (conf && *conf && (*conf)->group == name);
}

}  // namespace

void add_software(const Root& root, const HostFacts& host, FileTree& files)
{
    for (const auto* folder : folders) {
        if (root.exists(folder)) {
            add_directory(files, folder);
        }
    }
    Presence presence{root, files};
    for (const auto* program : programs) {
        presence.add(program);
    }
    add_daemon("libvirtd", presence);
    add_daemon("virtqemud", presence);
    if (host.qemu.binary && *host.qemu.binary) {
        presence.add((*host.qemu.binary)->substr(1));
    }
    for (const Firmware& firmware : host.qemu.firmware) {
        const bool plain = firmware.image.starts_with('/') && firmware.image.find("..") == std::string::npos;
        if (firmware.present && plain) {
            presence.add(firmware.image.substr(1));
        }
    }
}

std::string kept_groups(std::string_view group, const HostFacts& host)
{
    const auto user = judged_user(host);
    std::string kept;
    for (const auto line : lines(group)) {
        const auto fields = split(line, ':');
        const auto name = fields[0];
        const auto gid = fields.size() > 2 ? decimal<unsigned>(fields[2]) : std::nullopt;
        const bool named = std::ranges::find(named_groups, name) != named_groups.end() || name == user;
        if (named || (gid && concerns_qemu(host, name, *gid))) {
            kept += fmt::format("{}\n", line);
        }
    }
    return kept;
}

std::string kept_accounts(std::string_view passwd, const HostFacts& host)
{
    const auto user = judged_user(host);
    const auto* account = qemu_account(host);
    std::string kept;
    for (const auto line : lines(passwd)) {
        const auto fields = split(line, ':');
        const bool wanted = fields[0] == user || (account != nullptr && fields[0] == account->name);
        if (wanted && fields.size() >= 4) {
            kept += fmt::format("{}:x:{}:{}:::\n", fields[0], fields[2], fields[3]);
        }
    }
    return kept;
}

std::string kept_settings(std::string_view qemu_conf)
{
    constexpr std::array kept_keys{"user", "group", "security_driver"};
    std::string kept;
    for (const auto line : lines(qemu_conf)) {
        const auto key = trim(line.substr(0, line.find('=')));
        if (std::ranges::find(kept_keys, key) != kept_keys.end()) {
            kept += fmt::format("{}\n", line);
        }
    }
    return kept;
}

}  // namespace kvmkit
