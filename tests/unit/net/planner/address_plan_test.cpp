// SPDX-License-Identifier: Apache-2.0
#include "net/planner/state_plan.hpp"
#include "support/planning.hpp"

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

using testing::address;
using testing::birthmark;
using testing::card;
using testing::name;
using testing::plan;
using testing::Texts;
using testing::wish;
using testing::wishes;

TEST(AddressPlanTest, KeepsALeaseAndAsksForNone)
{
    auto link = card(2, "eth1");
    auto wanted = wish("eth1", "");
    wanted.ipv4.dhcp = true;
    const auto none = plan_state({{link}}, wishes({wanted}), birthmark);
    ASSERT_TRUE(none.complaint);
    EXPECT_EQ(none.complaint->error.code, ErrorCode::unsupported);
    link.addresses = {address("192.0.2.9/24")};
    EXPECT_TRUE(plan_state({{link}}, wishes({wanted}), birthmark).complaint) << "a fixed address is no lease";
    const Known known{.dhcp_links = {name("eth1")}};
    EXPECT_FALSE(plan_state({{link}}, wishes({wanted}), birthmark, known).complaint) << "not all give it a lifetime";
    link.leased = link.addresses;
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{});
}

TEST(AddressPlanTest, RefusesToEndALeaseThatWouldStay)
{
    auto link = card(2, "eth1");
    link.addresses = {address("192.0.2.9/24")};
    auto wanted = wish("eth1", "");
    wanted.ipv4.dhcp = false;
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{}) << "a fixed address";
    link.leased = link.addresses;
    EXPECT_TRUE(plan_state({{link}}, wishes({wanted}), birthmark).complaint);
    wanted.ipv4.addresses = {address("192.0.2.9/24")};
    EXPECT_TRUE(plan_state({{link}}, wishes({wanted}), birthmark).complaint);
    wanted.ipv4.addresses = {address("192.0.2.10/24")};
    EXPECT_FALSE(plan_state({{link}}, wishes({wanted}), birthmark).complaint) << "the lease's address goes";
}

TEST(AddressPlanTest, SetsLinkLocalAddressesThatAreNamedAndRemovesNone)
{
    auto link = card(2, "eth1");
    link.addresses = {address("fe80::9/64")};
    auto wanted = wish("eth1", "");
    wanted.ipv6.addresses = {address("fe80::7/64")};
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{"add address fe80::7/64 to eth1"});
    link.addresses.push_back(address("fe80::7/64"));
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{});
}

}  // namespace
}  // namespace kvmkit::net
