// SPDX-License-Identifier: Apache-2.0
#include "facts/access.hpp"
#include "facts/acl.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

constexpr unsigned kvm_gid = 106;

DeviceNode node(unsigned mode)
{
    return {NodeKind::kvm_device, "character device 10:232", mode, 0, kvm_gid};
}

UserFacts alice(std::set<unsigned> gids)
{
    return {"alice", 1000, std::move(gids)};
}

TEST(Access, FollowsTheMode)
{
    EXPECT_TRUE(may_read_and_write(node(0660), alice({1000, kvm_gid})));
    EXPECT_FALSE(may_read_and_write(node(0660), alice({1000})));
    EXPECT_TRUE(may_read_and_write(node(0666), alice({1000})));
    EXPECT_FALSE(may_read_and_write(node(0640), alice({kvm_gid}))) << "reading is not enough";
    EXPECT_FALSE(may_read_and_write(node(0606), alice({kvm_gid}))) << "the group's bits count for its members";
    EXPECT_TRUE(may_read_and_write(node(0600), {"root", 0, {0}}));
}

TEST(Access, AsksTheOwnersBitsForTheOwner)
{
    DeviceNode owned = node(0066);
    owned.uid = 1000;
    EXPECT_FALSE(may_read_and_write(owned, alice({1000})));
}

TEST(Access, FollowsTheAccessList)
{
    DeviceNode listed = node(0660);
    listed.acl = {{AclTag::owner, 6},
                  {AclTag::user, 6, 1000},
                  {AclTag::group_owner, 0},
                  {AclTag::group, 6, 50},
                  {AclTag::mask, 6},
                  {AclTag::other, 0}};
    EXPECT_TRUE(may_read_and_write(listed, alice({1000})));
    EXPECT_TRUE(may_read_and_write(listed, {"bob", 1001, {50}}));
    EXPECT_FALSE(may_read_and_write(listed, {"carol", 1002, {kvm_gid}}));
    EXPECT_FALSE(may_read_and_write(listed, {"dave", 1003, {1003}}));
    listed.acl[4].permissions = 4;
    EXPECT_FALSE(may_read_and_write(listed, alice({1000}))) << "the mask takes away";
}

TEST(Acl, IsReadFromTheKernelsBytes)
{
    using std::string_view_literals::operator""sv;
    const auto acl =
        parse_acl("\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x02\0\x06\0\xe8\x03\0\0\x10\0\x06\0\xff\xff\xff\xff"sv);
    EXPECT_EQ(acl, (std::vector<AclEntry>{{AclTag::owner, 6}, {AclTag::user, 6, 1000}, {AclTag::mask, 6}}));
    for (const auto bad : {""sv, "\x01\0\0\0"sv, "\x02\0\0\0\x01"sv, "\x02\0\0\0\x03\0\x06\0\0\0\0\0"sv}) {
        EXPECT_TRUE(parse_acl(bad).empty());
    }
}

TEST(Acl, IsWrittenAndReadAsText)
{
    for (const auto* text : {"user::rw-", "user:1000:rw-", "group::---", "group:50:r--", "mask::rwx", "other::--x"}) {
        const auto entry = parse_acl_entry(text);
        ASSERT_TRUE(entry) << text;
        EXPECT_EQ(to_text(*entry), text);
    }
    for (const auto* text : {"", "user:rw-", "mask:5:rw-", "other::wr-", "user:x:rw-", "nobody::rw-", "user::rw"}) {
        EXPECT_FALSE(parse_acl_entry(text)) << text;
    }
}

}  // namespace
}  // namespace kvmkit
