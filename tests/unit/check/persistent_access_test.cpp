// SPDX-License-Identifier: Apache-2.0
#include "support/healthy_host.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using Commands = std::vector<std::string>;

constexpr const char* id = "kvm.access_persistent";

/// udev gives the device to the group kvm; alice, who is not in it, may open it all the same.
HostFacts opened_by_hand()
{
    HostFacts host = healthy();
    host.kvm.udev = known(UdevNode{.mode = 0660, .group = "kvm"});
    return host;
}

TEST(PersistentAccess, IsNotThatOfAChangeByHand)
{
    const auto found = finding(opened_by_hand(), id);
    EXPECT_EQ(found.verdict.status, Status::warn);
    EXPECT_EQ(
        found.verdict.evidence,
        "user alice may open /dev/kvm by a change made by hand, which udev takes back at its next event: its rules "
        "say mode 0660, group kvm");
    EXPECT_EQ(found.verdict.remedy->commands, (Commands{"usermod -aG kvm alice"}));
}

TEST(PersistentAccess, WantsANewLoginOfAMember)
{
    HostFacts host = opened_by_hand();
    host.kvm_group = known(GroupFacts{106, {"alice"}});
    EXPECT_EQ(finding(host, id).verdict.remedy->commands, (Commands{"newgrp kvm"}));
}

TEST(PersistentAccess, IsGivenByARuleWhereUdevGivesNobodyAny)
{
    HostFacts host = opened_by_hand();
    host.kvm.udev = known(UdevNode{.mode = 0600});
    EXPECT_EQ(finding(host, id).verdict.remedy->commands,
              (Commands{R"(echo 'KERNEL=="kvm", GROUP="kvm", MODE="0660"' >/etc/udev/rules.d/99-kvm.rules)",
                        "udevadm control --reload && udevadm trigger --name-match=kvm --settle",
                        "usermod -aG kvm alice"}));
}

TEST(PersistentAccess, IsThatOfTheGroupOfOthersOfTheSeatAndOfRoot)
{
    HostFacts host = opened_by_hand();
    host.user = known(UserFacts{"alice", 1000, {1000, 106}});
    EXPECT_EQ(finding(host, id).verdict.status, Status::pass);
    host = opened_by_hand();
    (*host.kvm.udev)->mode = 0666;
    EXPECT_EQ(finding(host, id).verdict.evidence, "udev's rules for /dev/kvm (mode 0666, group kvm) let user alice in");
    host = opened_by_hand();
    (*host.kvm.udev)->open_to_seat = true;
    EXPECT_EQ(finding(host, id).verdict.status, Status::warn);
    (*host.kvm.udev)->seat_user = 1000;
    EXPECT_EQ(finding(host, id).verdict.status, Status::pass);
    host = opened_by_hand();
    host.user = known(UserFacts{"root", 0, {0}});
    EXPECT_EQ(finding(host, id).verdict.status, Status::pass);
}

TEST(PersistentAccess, IsSkippedWhereNothingTells)
{
    EXPECT_EQ(finding(healthy(), id).verdict.status, Status::skip);  // no udev
    HostFacts host = opened_by_hand();
    host.kvm.open = std::optional<Answer>{};
    EXPECT_EQ(finding(host, id).verdict.status, Status::skip);
    host = opened_by_hand();
    (*host.kvm.udev)->group = "virt";
    EXPECT_EQ(finding(host, id).verdict.status, Status::skip);
}

}  // namespace
}  // namespace kvmkit
