// SPDX-License-Identifier: Apache-2.0
#include "support/healthy_host.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using Commands = std::vector<std::string>;

/// A systemd host of Debian's shape whose libvirtd answers.
HostFacts with_libvirt()
{
    HostFacts host = healthy();
    host.libvirt.monolithic = {.installed = true, .masked = false, .enabled = true};
    host.libvirt.manager = ServiceManager::systemd;
    host.libvirt.socket = known<std::string>("/run/libvirt/libvirt-sock");
    host.libvirt.connect = known(Answer{});
    host.libvirt.group = known(GroupFacts{105, {"alice"}});
    host.libvirt.qemu = known(QemuAccount{"libvirt-qemu", 64055, {106}});
    host.user = known(UserFacts{"alice", 1000, {1000, 105}});
    return host;
}

HostFacts without_socket()
{
    HostFacts host = with_libvirt();
    host.libvirt.socket = std::optional<std::string>{};
    host.libvirt.connect = std::optional<Answer>{};
    return host;
}

HostFacts recorded()
{
    HostFacts host = without_socket();
    host.libvirt.socket = Error{ErrorCode::not_found, "not recorded: whether libvirt answers"};
    return host;
}

Commands commands(const Finding& found)
{
    return found.verdict.remedy ? found.verdict.remedy->commands : Commands{};
}

TEST(Libvirt, IsSkippedWhereItIsNotInstalled)
{
    for (const auto* id : {"libvirt.service", "libvirt.group", "libvirt.qemu_access"}) {
        EXPECT_EQ(finding(healthy(), id).verdict.status, Status::skip) << id;
        EXPECT_EQ(finding(healthy(), id).verdict.evidence, "libvirt is not installed") << id;
    }
}

TEST(Libvirt, IsNotCalledMissingWhereNobodyLooked)
{
    HostFacts host = healthy();
    host.libvirt.looked = false;
    EXPECT_EQ(finding(host, "libvirt.service").verdict.evidence, "not recorded: /usr/sbin");
    host.network.looked_at_sysctls = false;
    EXPECT_EQ(finding(host, "net.br_netfilter").verdict.evidence, "not recorded: /proc/sys/net");
}

TEST(Libvirt, PassesWhereAllIsWell)
{
    for (const auto* id : {"libvirt.service", "libvirt.group", "libvirt.qemu_access"}) {
        EXPECT_EQ(finding(with_libvirt(), id).verdict.status, Status::pass) << id;
    }
}

TEST(LibvirtService, IsStartedByTheHostsOwnManager)
{
    HostFacts host = without_socket();
    EXPECT_EQ(finding(host, "libvirt.service").verdict.status, Status::warn);
    EXPECT_EQ(commands(finding(host, "libvirt.service")), (Commands{"systemctl enable --now libvirtd"}));
    host.libvirt.manager = ServiceManager::openrc;
    EXPECT_EQ(commands(finding(host, "libvirt.service")),
              (Commands{"rc-service libvirtd start", "rc-update add libvirtd default"}));
    host.libvirt.manager = ServiceManager::none;
    EXPECT_EQ(commands(finding(host, "libvirt.service")), (Commands{"virtlogd -d && libvirtd -d"}));
    host.libvirt.modular.installed = true;
    host.libvirt.monolithic = {};
    EXPECT_EQ(commands(finding(host, "libvirt.service")), (Commands{"virtlogd -d && virtqemud -d"}));
    host.libvirt.manager = ServiceManager::systemd;
    EXPECT_EQ(commands(finding(host, "libvirt.service")),
              (Commands{"systemctl enable --now virtqemud.socket", "systemctl enable --now virtnetworkd.socket"}));
}

TEST(LibvirtService, ThatIsMaskedIsUnmaskedFirst)
{
    HostFacts host = without_socket();
    host.libvirt.monolithic.masked = true;
    const auto found = finding(host, "libvirt.service");
    EXPECT_EQ(found.verdict.evidence, "libvirtd does not run and is masked");
    EXPECT_EQ(commands(found),
              (Commands{"systemctl unmask libvirtd.service libvirtd.socket", "systemctl enable --now libvirtd"}));
}

TEST(LibvirtService, KeepsLeftoverForbiddenAndBusyApart)
{
    HostFacts host = with_libvirt();
    host.libvirt.connect = known(Answer{-1, ECONNREFUSED});
    EXPECT_EQ(finding(host, "libvirt.service").verdict.evidence,
              "/run/libvirt/libvirt-sock is a leftover: nobody listens there");
    host.libvirt.connect = known(Answer{-1, EACCES});
    EXPECT_EQ(finding(host, "libvirt.service").verdict.status, Status::skip);
    host.libvirt.connect = known(Answer{-1, EAGAIN});
    EXPECT_EQ(finding(host, "libvirt.service").verdict.status, Status::warn);
    host.libvirt.connect = known(Answer{-1, ENAMETOOLONG});
    EXPECT_EQ(finding(host, "libvirt.service").verdict.status, Status::warn);
}

TEST(LibvirtService, OfARecordingIsWhatBootWouldStart)
{
    HostFacts host = recorded();
    EXPECT_EQ(finding(host, "libvirt.service").verdict.evidence, "libvirtd is started at boot");
    host.libvirt.monolithic.enabled = false;
    EXPECT_EQ(finding(host, "libvirt.service").verdict.status, Status::warn);
    host.libvirt.manager = ServiceManager::none;
    EXPECT_EQ(finding(host, "libvirt.service").verdict.status, Status::skip);
    host.libvirt.monolithic.masked = true;
    EXPECT_EQ(finding(host, "libvirt.service").verdict.evidence, "libvirtd is masked");
}

TEST(LibvirtGroup, AsksForTheGroupOrForANewLogin)
{
    HostFacts host = with_libvirt();
    host.user = known(UserFacts{"alice", 1000, {1000}});
    EXPECT_EQ(finding(host, "libvirt.group").verdict.evidence,
              "user alice is in the group \"libvirt\", but this session began before");
    EXPECT_EQ(finding(host, "libvirt.group").verdict.remedy->summary, "log in again");
    EXPECT_EQ(commands(finding(host, "libvirt.group")), (Commands{"newgrp libvirt"}));
    host.libvirt.group = known(GroupFacts{105, {}});
    EXPECT_EQ(commands(finding(host, "libvirt.group")), (Commands{"usermod -aG libvirt alice"}));
    host.distribution = known<std::string>("alpine");
    EXPECT_EQ(commands(finding(host, "libvirt.group")), (Commands{"addgroup alice libvirt"}));
}

TEST(LibvirtGroup, IsNothingForRootAndForHostsWithoutIt)
{
    HostFacts host = with_libvirt();
    host.user = known(UserFacts{"root", 0, {0}});
    EXPECT_EQ(finding(host, "libvirt.group").verdict.status, Status::pass);
    host.user = Error{ErrorCode::not_found, "not recorded: who asked"};
    EXPECT_EQ(finding(host, "libvirt.group").verdict.status, Status::skip);
    host = with_libvirt();
    host.libvirt.group = std::optional<GroupFacts>{};
    EXPECT_EQ(finding(host, "libvirt.group").verdict.status, Status::skip);
}

TEST(LibvirtQemuAccess, OpensTheNodeToItsGroup)
{
    HostFacts host = with_libvirt();
    host.kvm.node = known(DeviceNode{NodeKind::kvm_device, "character device 10:232", 0600, 0, 0});
    const auto found = finding(host, "libvirt.qemu_access");
    EXPECT_EQ(found.verdict.status, Status::warn);
    EXPECT_EQ(
        found.verdict.evidence,
        "user libvirt-qemu, who runs libvirt's QEMU, may not open /dev/kvm (mode 0600, owner 0, group 0): VMs get "
        "no KVM, and each start of one may take a minute");
    EXPECT_EQ(commands(found), (Commands{"chgrp kvm /dev/kvm", "chmod 0660 /dev/kvm"}));
}

TEST(LibvirtQemuAccess, PutsTheAccountIntoTheGroup)
{
    HostFacts host = with_libvirt();
    host.libvirt.qemu = known(QemuAccount{"vm", 2000, {2000}});
    EXPECT_EQ(commands(finding(host, "libvirt.qemu_access")), (Commands{"usermod -aG kvm vm"}));
    host.kvm_group = std::optional<GroupFacts>{};
    EXPECT_EQ(commands(finding(host, "libvirt.qemu_access")),
              (Commands{"groupadd --system kvm", "chgrp kvm /dev/kvm", "chmod 0660 /dev/kvm", "usermod -aG kvm vm"}));
}

TEST(LibvirtQemuAccess, LooksAtTheBitsThatTheKernelLooksAt)
{
    HostFacts host = with_libvirt();
    const auto status_with = [&host](unsigned mode, unsigned uid, unsigned gid) {
        host.kvm.node = known(DeviceNode{NodeKind::kvm_device, "character device 10:232", mode, uid, gid});
        return finding(host, "libvirt.qemu_access").verdict.status;
    };
    EXPECT_EQ(status_with(0666, 0, 0), Status::pass);
    EXPECT_EQ(status_with(0606, 0, 106), Status::warn);    // the group's bits count for its members
    EXPECT_EQ(status_with(0066, 64055, 0), Status::warn);  // and the owner's for the owner
    EXPECT_EQ(status_with(0600, 64055, 0), Status::pass);
    EXPECT_EQ(status_with(0640, 0, 106), Status::warn);
    host.libvirt.qemu = known(QemuAccount{"root", 0, {0}});
    EXPECT_EQ(status_with(0600, 1, 1), Status::pass);
}

TEST(LibvirtQemuAccess, IsNotJudgedWithoutDeviceOrAccount)
{
    HostFacts host = with_libvirt();
    host.libvirt.qemu = std::optional<QemuAccount>{};
    EXPECT_EQ(finding(host, "libvirt.qemu_access").verdict.status, Status::skip);
    host.kvm.node = Error{ErrorCode::not_found, "not recorded"};
    EXPECT_EQ(finding(host, "libvirt.qemu_access").verdict.status, Status::skip);
    host.kvm.node = std::optional<DeviceNode>{};
    EXPECT_EQ(finding(host, "libvirt.qemu_access").because, "kvm.device");
}

TEST(Libvirt, NeverDecidesWhetherKvmIsReady)
{
    HostFacts host = without_socket();
    host.libvirt.qemu = known(QemuAccount{"vm", 2000, {2000}});
    EXPECT_EQ(testing_support::summary(host).verdict, Readiness::ready);
}

}  // namespace
}  // namespace kvmkit
