// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/answer.hpp"
#include "base/fact.hpp"
#include "facts/user.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kvmkit {

/// What starts services on a host, if anything does.
enum class ServiceManager { systemd, openrc, none };

/// One of the two programs that run QEMU for libvirt: libvirtd, which does all, or virtqemud, one of many.
struct LibvirtDaemon {
    bool installed = false;
    bool masked = false;
    bool enabled = false;  ///< It, or its socket, is started at boot.
};

/// The account under which libvirt's system instance runs QEMU.
struct QemuAccount {
    std::string name;
    unsigned uid = 0;
    std::set<unsigned> gids;  ///< Its primary group and those that etc/group puts it in.
};

/// What is to be seen of libvirt's system instance without asking it anything.
struct LibvirtFacts {
    bool looked = true;        ///< False: a recording without the places where programs lie.
    LibvirtDaemon monolithic;  ///< libvirtd
    LibvirtDaemon modular;     ///< virtqemud
    ServiceManager manager = ServiceManager::none;
    Fact<std::string> socket{
        std::nullopt};                     ///< "/run/libvirt/libvirt-sock"; absent: there is none; Error: not recorded.
    Fact<Answer> connect{std::nullopt};    ///< What connect(2) to it said; absent: it was not tried.
    Fact<GroupFacts> group{std::nullopt};  ///< The group "libvirt" of etc/group.
    Fact<QemuAccount> qemu{std::nullopt};

    [[nodiscard]] bool installed() const noexcept { return monolithic.installed || modular.installed; }
};

/// One setting of etc/libvirt/qemu.conf, unquoted; empty if it is not set.
std::string qemu_conf_value(std::string_view qemu_conf, std::string_view key);

/// The account that runs QEMU: the one that qemu.conf names (by name, or by number as "+64055"), else libvirt-qemu,
/// else qemu. Absent if etc/passwd has none of them.
std::optional<QemuAccount> find_qemu_account(std::string_view qemu_conf,
                                             std::string_view passwd,
                                             std::string_view group);

}  // namespace kvmkit
