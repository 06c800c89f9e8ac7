// SPDX-License-Identifier: Apache-2.0
#include "facts/user.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

constexpr std::string_view groups = "root:x:0:\nkvmx:x:5:\nkvm:x:106:alice, bob\nbroken\nbad:x:zz:\n";

TEST(GroupFile, FindsALineAndItsMembers)
{
    const auto kvm = find_group(groups, "kvm");
    ASSERT_TRUE(kvm);
    EXPECT_EQ(kvm->gid, 106U);
    EXPECT_EQ(kvm->members, (std::set<std::string>{"alice", "bob"}));
}

TEST(GroupFile, HasNoSuchGroup)
{
    EXPECT_FALSE(find_group(groups, "libvirt"));
    EXPECT_FALSE(find_group(groups, "bad"));
    for (const char* text : {"", "kvm\n", "kvm:x\n", "kvm:x:\n", "kvm:x:abc:\n", "kvmx:x:3:\n", "+kvm:x:3:\n"}) {
        EXPECT_FALSE(find_group(text, "kvm")) << text;
    }
}

TEST(PasswdFile, NamesAUserOrGivesTheNumber)
{
    EXPECT_EQ(user_name("root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/:/bin/sh\n", 1000), "alice");
    EXPECT_EQ(user_name("root:x:0:0::/root:/bin/sh\n", 1234), "1234");
}

TEST(PasswdFile, GivesAUserTheGroupsOfANewLogin)
{
    constexpr std::string_view passwd = "root:x:0:0::/root:/bin/sh\nbad:x:7\nbob:x:1001:1001::/:/bin/sh\n";
    const auto bob = find_user(passwd, groups, "bob");
    ASSERT_TRUE(bob);
    EXPECT_EQ(bob->uid, 1001U);
    EXPECT_EQ(bob->gids, (std::set<unsigned>{106, 1001}));
    EXPECT_FALSE(find_user(passwd, groups, "alice"));
    EXPECT_FALSE(find_user(passwd, groups, "bad"));
    EXPECT_FALSE(find_user("", "", ""));
}

TEST(OsRelease, ReadsQuotedAndPlainValues)
{
    constexpr std::string_view text = "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID='12'\n";
    EXPECT_EQ(os_release_value(text, "ID"), "debian");
    EXPECT_EQ(os_release_value(text, "NAME"), "Debian GNU/Linux");
    EXPECT_EQ(os_release_value(text, "VERSION_ID"), "12");
    EXPECT_EQ(os_release_value(text, "VARIANT"), "");
}

}  // namespace
}  // namespace kvmkit
