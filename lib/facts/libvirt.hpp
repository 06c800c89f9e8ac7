// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/answer.hpp"
#include "base/fact.hpp"
#include "facts/ipv4.hpp"
#include "facts/libvirt_answers.hpp"
#include "facts/user.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

/// Whether etc/passwd or etc/group knows a name; not to be told where a directory service may know it.
enum class AccountState { not_named, known, unknown, elsewhere };

/// What etc/libvirt/qemu.conf says; empty: it leaves it at the default.
struct QemuConf {
    std::string user = {};
    std::string group = {};
    AccountState user_state = AccountState::not_named;
    AccountState group_state = AccountState::not_named;
};

/// What libvirt noted of an emulator for the host's architecture when it last asked it.
struct NotedEmulator {
    std::string emulator;      ///< "/usr/bin/qemu-system-x86_64"
    std::string version = {};  ///< Of QEMU: "7.2.22".
    bool kvm = false;          ///< It can use KVM.
};

/// The network that libvirt calls "default".
struct DefaultNetwork {
    std::string bridge;  ///< "virbr0"
    Ipv4Range range;     ///< 192.168.122.0/24
    std::optional<Ipv4Route> clash =
        std::nullopt;  ///< A route of another device to these addresses or to some of them.
    std::optional<Ipv4Range> spare = std::nullopt;  ///< Beside a clash: a range like it that no route leads to.
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
    Fact<std::string> version{std::nullopt};  ///< "9.0.0"; absent: no library of it was found.
    Fact<QemuConf> conf{std::nullopt};        ///< Absent: there is no etc/libvirt/qemu.conf.
    Fact<std::vector<NotedEmulator>> noted{
        std::nullopt};  ///< Its cache of capabilities; absent: there is none, which it makes when it is first used.
    Fact<LibvirtAnswers> answers{std::nullopt};          ///< By its library; absent: it was not asked.
    Fact<DefaultNetwork> default_network{std::nullopt};  ///< Absent: none is defined.

    [[nodiscard]] bool installed() const noexcept { return monolithic.installed || modular.installed; }
};

/// One setting of etc/libvirt/qemu.conf, unquoted; empty if it is not set.
std::string qemu_conf_value(std::string_view qemu_conf, std::string_view key);

/// The account that runs QEMU: the one that qemu.conf names (by name, or by number as "+64055"), else libvirt-qemu,
/// else qemu. Absent if etc/passwd has none of them.
std::optional<QemuAccount> find_qemu_account(std::string_view qemu_conf,
                                             std::string_view passwd,
                                             std::string_view group);

/// Reads a file of libvirt's cache of capabilities (var/cache/libvirt/qemu/capabilities); absent for a text that is
/// none, and for an emulator of another architecture, which `target` names as QEMU does.
std::optional<NotedEmulator> parse_noted_emulator(std::string_view xml, std::string_view target);

/// Reads the definition of a network of libvirt (etc/libvirt/qemu/networks/default.xml), without a clash; absent where
/// it has no bridge with an IPv4 address.
std::optional<DefaultNetwork> parse_network(std::string_view xml);

/// Fills in the clash with the host's routes, and a spare range. Routes by which more is reached than this network, the
/// default route among them, are no clash: the network's own, which is narrower, wins.
void find_clash(const std::vector<Ipv4Route>& routes, DefaultNetwork& network);

}  // namespace kvmkit
