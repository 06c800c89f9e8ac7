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

Commands commands(const Finding& found)
{
    return found.verdict.remedy ? found.verdict.remedy->commands : Commands{};
}

TEST(HostChecks, AreSkippedWhereThereIsNothingToLookAt)
{
    for (const auto* id : {"conflict.virtualbox", "conflict.vmware", "net.tun", "net.vhost_net", "net.br_netfilter"}) {
        EXPECT_EQ(finding(healthy(), id).verdict.status, Status::skip) << id;
        EXPECT_TRUE(finding(healthy(), id).because.empty()) << id;
    }
}

TEST(VirtualBox, MayBeStoppedOrUnloaded)
{
    HostFacts host = healthy();
    host.conflicts.virtualbox = true;
    host.conflicts.virt_at_load = known<std::string>("N");
    EXPECT_EQ(finding(host, "conflict.virtualbox").verdict.status, Status::warn);
    EXPECT_EQ(commands(finding(host, "conflict.virtualbox")), (Commands{"modprobe -r vboxnetadp vboxnetflt vboxdrv"}));
}

TEST(VirtualBox, IsLockedOutByAKvmThatTakesAllAtLoad)
{
    HostFacts host = healthy();
    host.conflicts.virtualbox = true;
    host.conflicts.virt_at_load = known<std::string>("Y");
    EXPECT_EQ(commands(finding(host, "conflict.virtualbox")),
              (Commands{"echo 'options kvm enable_virt_at_load=0' >/etc/modprobe.d/virtualbox-kvm.conf",
                        "modprobe -r kvm_intel kvm && modprobe kvm_intel"}));
    host.kvm.modules = known(std::set<std::string>{"kvm", "kvm_amd"});
    EXPECT_EQ(commands(finding(host, "conflict.virtualbox")).back(), "modprobe -r kvm_amd kvm && modprobe kvm_amd");
}

TEST(VirtualBox, SharesTheCpuWithKvmSinceItsVersion7210)
{
    HostFacts host = healthy();
    host.conflicts.virtualbox = true;
    host.conflicts.virtualbox_version = known<std::string>("7.2.10 r170000 (0x00390000)");
    host.conflicts.virt_at_load = known<std::string>("Y");
    EXPECT_EQ(finding(host, "conflict.virtualbox").verdict.status, Status::pass);
    host.conflicts.virt_at_load = known<std::string>("N");
    EXPECT_EQ(finding(host, "conflict.virtualbox").verdict.status, Status::warn);
    EXPECT_EQ(commands(finding(host, "conflict.virtualbox")).back(), "modprobe -r kvm_intel kvm && modprobe kvm_intel");
    host.conflicts.virtualbox_version = known<std::string>("7.2.8_Debian r169000 (0x00390000)");
    host.conflicts.virt_at_load = known<std::string>("Y");
    EXPECT_EQ(finding(host, "conflict.virtualbox").verdict.status, Status::warn);
}

TEST(VirtualBox, IsNotNamedTwiceWhereItHoldsTheCpu)
{
    HostFacts host = healthy();
    host.conflicts.virtualbox = true;
    host.kvm.create_vm = known(Answer{-1, EBUSY});
    EXPECT_EQ(finding(host, "conflict.virtualbox").because, "kvm.create_vm");
}

TEST(VMware, MayBeStoppedOrUnloaded)
{
    HostFacts host = healthy();
    host.conflicts.vmware = true;
    EXPECT_EQ(commands(finding(host, "conflict.vmware")), (Commands{"modprobe -r vmmon"}));
}

TEST(Tun, IsThereMissingOrWrong)
{
    HostFacts host = healthy();
    host.network.tun = known(NamedNode{NodeState::right, "character device 10:200"});
    EXPECT_EQ(finding(host, "net.tun").verdict.status, Status::pass);
    host.network.tun = known(NamedNode{});
    EXPECT_EQ(finding(host, "net.tun").verdict.status, Status::warn);
    EXPECT_EQ(commands(finding(host, "net.tun")),
              (Commands{"modprobe tun", "mkdir -p /dev/net", "mknod -m 0666 /dev/net/tun c 10 200"}));
    host.network.tun = known(NamedNode{NodeState::wrong, "plain file"});
    EXPECT_EQ(finding(host, "net.tun").verdict.evidence,
              "/dev/net/tun is not tun's device (character device 10:200) but a plain file");
    EXPECT_EQ(commands(finding(host, "net.tun")),
              (Commands{"rm -r /dev/net/tun", "mknod -m 0666 /dev/net/tun c 10 200"}));
    host.network.tun = Error{ErrorCode::permission, "cannot look at '/dev/net/tun': Permission denied"};
    EXPECT_EQ(finding(host, "net.tun").verdict.status, Status::unknown);
}

TEST(VhostNet, IsAskedForOnlyWhereTheKernelHasIt)
{
    HostFacts host = healthy();
    host.network.vhost_net = known(NamedNode{});
    EXPECT_EQ(finding(host, "net.vhost_net").verdict.status, Status::skip);
    host.network.has_vhost_net = true;
    EXPECT_EQ(commands(finding(host, "net.vhost_net")),
              (Commands{"modprobe vhost_net", "echo vhost_net >/etc/modules-load.d/vhost-net.conf"}));
    host.network.vhost_net = known(NamedNode{NodeState::right, "character device 10:238"});
    EXPECT_EQ(finding(host, "net.vhost_net").verdict.status, Status::pass);
}

TEST(BridgeFilter, IsAWarningOnlyBesideDocker)
{
    HostFacts host = healthy();
    host.network.bridge_filter = known<std::string>("0");
    host.network.docker = true;
    EXPECT_EQ(finding(host, "net.br_netfilter").verdict.status, Status::pass);
    host.network.bridge_filter = known<std::string>("1");
    EXPECT_EQ(finding(host, "net.br_netfilter").verdict.status, Status::warn);
    EXPECT_EQ(commands(finding(host, "net.br_netfilter")),
              (Commands{"iptables -I DOCKER-USER -i virbr+ -j ACCEPT", "iptables -I DOCKER-USER -o virbr+ -j ACCEPT"}));
    host.network.docker = false;
    EXPECT_EQ(finding(host, "net.br_netfilter").verdict.status, Status::pass);
}

}  // namespace
}  // namespace kvmkit
