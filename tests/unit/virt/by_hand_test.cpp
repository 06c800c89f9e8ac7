// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/by_hand.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

using Lines = std::vector<std::string>;

const VmId web{"qemu:///system", "6a1f1f4e-5a0c-4f6b-9d1c-0c5b7d1f2a10", "web"};

TEST(ByHand, QuotesWhatAShellWouldTakeApart)
{
    MakeDisk step{{Bytes::mib(1), ImageFormat::raw}, "/srv/my disks/a.raw", QemuUser{64055, 106}};
    EXPECT_EQ(by_hand(step),
              (Lines{"qemu-img create -q -f raw -o size=1048576 '/srv/my disks/a.raw'",
                     "chmod 0600 '/srv/my disks/a.raw'",
                     "chown 64055:106 '/srv/my disks/a.raw'"}));
    step.owner.reset();
    EXPECT_EQ(by_hand(step).size(), 2) << "nobody to give it to";
}

TEST(ByHand, FindsTheTapOfACardByItsMac)
{
    const auto lines = by_hand(TagPort{{web, "52:54:00:00:00:01"}, 10});
    ASSERT_EQ(lines.size(), 3);
    EXPECT_EQ(lines[0],
              "tap=$(virsh -c qemu:///system domiflist web | awk -v mac=52:54:00:00:00:01 '$5 == mac { print $1 }')");
    EXPECT_EQ(lines[2], "bridge vlan add dev $tap vid 10 pvid untagged");
}

TEST(ByHand, HasNothingForWhatGoesOnInThisProcess)
{
    EXPECT_EQ(by_hand(CreateVm{web, ""}), Lines{"virsh -c qemu:///system create --paused --autodestroy web.xml"});
    EXPECT_TRUE(by_hand(MakeDriverRoot{"/run/kvmkit/embed/1"}).empty());
}

}  // namespace
}  // namespace kvmkit::virt
