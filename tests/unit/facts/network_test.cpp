// SPDX-License-Identifier: Apache-2.0
#include "facts/network.hpp"
#include "probe/network.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(ModuleList, KnowsAModuleByItsFileAndNotByWhatDependsOnIt)
{
    constexpr std::string_view dep =
        "kernel/drivers/vhost/vhost_net.ko.xz: kernel/drivers/vhost/vhost.ko.xz kernel/drivers/net/tap.ko.xz\n"
        "kernel/arch/x86/kvm/kvm-amd.ko: kernel/arch/x86/kvm/kvm.ko\n";
    EXPECT_TRUE(lists_module(dep, "vhost_net"));
    EXPECT_TRUE(lists_module(dep, "kvm_amd"));
    EXPECT_FALSE(lists_module(dep, "tap"));
    EXPECT_FALSE(lists_module(dep, "vhost"));
    EXPECT_TRUE(lists_module("kernel/drivers/net/tun.ko\n", "tun"));
    EXPECT_FALSE(lists_module("", "tun"));
}

TEST(NetworkFiles, ARecordingThatShowsNothingSaysNothing)
{
    const testing::TemporaryFolder folder;
    const auto facts = read_network(Root::open(folder.path()).value());
    EXPECT_FALSE(*facts.tun);
    EXPECT_FALSE(*facts.vhost_net);
    EXPECT_FALSE(*facts.bridge_filter);
    EXPECT_FALSE(facts.docker);
}

TEST(NetworkFiles, AFileInTheDevicesPlaceIsTheWrongNode)
{
    const testing::TemporaryFolder folder;
    folder.write("dev/net/tun", "");
    folder.write("proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
    folder.write("sys/class/net/docker0/mtu", "1500\n");
    const auto facts = read_network(Root::open(folder.path()).value());
    EXPECT_EQ((*facts.tun)->state, NodeState::wrong);
    EXPECT_EQ((*facts.tun)->shape, "plain file");
    EXPECT_EQ(**facts.bridge_filter, "1");
    EXPECT_TRUE(facts.docker);
}

TEST(NetworkFiles, ThisHostsNodeIsThereOrNot)
{
    const auto facts = read_network(Root::open("/").value());
    ASSERT_TRUE(facts.tun);
    EXPECT_TRUE(*facts.tun);
}

TEST(ConflictFiles, NameTheModulesOfOthers)
{
    const testing::TemporaryFolder folder;
    folder.write("sys/module/vboxdrv/version", "7.1\n");
    folder.write("sys/module/kvm/parameters/enable_virt_at_load", "Y\n");
    const auto facts = read_conflicts(Root::open(folder.path()).value());
    EXPECT_TRUE(facts.virtualbox);
    EXPECT_FALSE(facts.vmware);
    EXPECT_EQ(**facts.virt_at_load, "Y");
}

}  // namespace
}  // namespace kvmkit
