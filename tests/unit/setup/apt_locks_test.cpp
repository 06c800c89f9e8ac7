// SPDX-License-Identifier: Apache-2.0
#include "setup/apt_locks.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

TEST(AptLockHolder, NamesTheInnermostUnit)
{
    EXPECT_EQ(unit_in("0::/system.slice/apt-daily-upgrade.service\n"), "apt-daily-upgrade.service");
    EXPECT_EQ(unit_in("5:cpu:/\n1:name=systemd:/payload/system.slice/a.service/worker\n"), "a.service");
    EXPECT_EQ(unit_in("0::/user.slice/user-0.slice/session-4.scope\n"), "session-4.scope");
    EXPECT_EQ(unit_in("0::/\n"), "");
    EXPECT_EQ(unit_in("no path at all"), "");
    EXPECT_EQ(unit_in(""), "");
}

TEST(AptLockHolder, SaysWhoHoldsThem)
{
    LockHolder holder{"/var/lib/dpkg/lock", 812, "apt-get upgrade", std::chrono::seconds{34}, "nightly.service"};
    EXPECT_EQ(describe(holder), "pid 812 ('apt-get upgrade'), unit nightly.service, running for 34 s");
    holder.unit.clear();
    EXPECT_EQ(describe(holder), "pid 812 ('apt-get upgrade'), running for 34 s");
}

}  // namespace
}  // namespace kvmkit::setup
