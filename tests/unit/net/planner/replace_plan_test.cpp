// SPDX-License-Identifier: Apache-2.0
#include "net/planner/state_plan.hpp"
#include "support/planning.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

using testing::address;
using testing::birthmark;
using testing::name;
using testing::Texts;
using testing::texts;

Link link(int index, const std::string& text, const std::string& kind = {})
{
    return {.name = name(text),
            .index = index,
            .kind = kind,
            .mac = MacAddress{{0x52, 0x54, 0, 0, 0, 1}},
            .mtu = 1500,
            .up = true,
            .ethernet = true};
}

Link vlan(int index, const std::string& text, int lower, VlanId id)
{
    Link vlan = link(index, text, "vlan");
    vlan.lower = lower;
    vlan.options = {number_option(IFLA_VLAN_ID, id, 2)};
    return vlan;
}

DesiredInterface wish(const std::string& text, const std::string& lower, VlanId id)
{
    DesiredInterface wanted{
        .name = name(text), .kind = "vlan", .lower = name(lower), .path = "interfaces[" + text + "]"};
    wanted.options = {number_option(IFLA_VLAN_ID, id, 2)};
    return wanted;
}

Drafted planned(const Network& network, std::vector<DesiredInterface> wishes)
{
    return plan_state(network, {.interfaces = std::move(wishes)}, birthmark);
}

Route route(const std::string& destination, int over, std::uint8_t protocol)
{
    return {.destination = *Prefix::parse(destination), .link = over, .table = 254, .protocol = protocol, .type = 1};
}

TEST(ReplacePlanTest, AVlanOfAnotherNumberIsMadeAnewWithWhatHangsOnItAndLiesOnIt)
{
    Link changed = vlan(3, "v", 2, 5);
    changed.addresses = {address("192.0.2.1/24"), address("192.0.2.2/24")};
    changed.group = 9;
    changed.ipv6 = false;
    const Network network{{link(2, "eth1"), changed, vlan(4, "v.7", 3, 7)}, {route("10.0.0.0/8", 3, RTPROT_STATIC)}};
    const auto drafted = planned(network, {wish("v", "eth1", 6)});
    ASSERT_FALSE(drafted.complaint) << drafted.complaint->error.message;
    EXPECT_EQ(texts(drafted),
              (Texts{"switch v.7 down",
                     "remove route 10.0.0.0/8 dev v",
                     "remove address 192.0.2.2/24 from v",
                     "remove address 192.0.2.1/24 from v",
                     "switch v down",
                     "switch IPv6 of v on",
                     "delete vlan v.7",
                     "delete vlan v",
                     "create vlan v on eth1",
                     "create vlan v.7 on v with MAC 52:54:00:00:00:01",
                     "switch IPv6 of v off",
                     "switch v up",
                     "add address 192.0.2.1/24 to v",
                     "add address 192.0.2.2/24 to v",
                     "add route 10.0.0.0/8 dev v",
                     "switch v.7 up"}));
    const auto& create = std::get<CreateLink>(drafted.plan.at(8).action);
    EXPECT_EQ(create.options, (LinkOptions{number_option(IFLA_VLAN_ID, 6, 2)}));
    EXPECT_EQ(create.mark, birthmark.mark);
    EXPECT_EQ(std::get<SwitchUp>(drafted.plan.at(11).action).group, 9U);
    EXPECT_EQ(drafted.plan.at(8).origin, "interfaces[v]");
}

TEST(ReplacePlanTest, WhatIsWishedBesidesComesOnTop)
{
    Link changed = vlan(3, "v", 2, 5);
    changed.addresses = {address("192.0.2.1/24")};
    auto wanted = wish("v", "eth2", 5);
    wanted.ipv4.addresses = {{address("198.51.100.1/24")}};
    const auto steps = texts(planned({{link(2, "eth1"), changed, link(4, "eth2")}}, {wanted}));
    EXPECT_EQ(steps,
              (Texts{"remove address 192.0.2.1/24 from v",
                     "switch v down",
                     "delete vlan v",
                     "create vlan v on eth2",
                     "switch v up",
                     "add address 192.0.2.1/24 to v",
                     "add address 198.51.100.1/24 to v",
                     "remove address 192.0.2.1/24 from v"}));
}

TEST(ReplacePlanTest, TwoVlansExchangeTheirNumbers)
{
    const Network network{{link(2, "eth1"), vlan(3, "a", 2, 5), vlan(4, "b", 2, 6)}};
    EXPECT_EQ(texts(planned(network, {wish("a", "eth1", 6), wish("b", "eth1", 5)})),
              (Texts{"switch a down",
                     "switch b down",
                     "delete vlan a",
                     "delete vlan b",
                     "create vlan b on eth1",
                     "create vlan a on eth1",
                     "switch b up",
                     "switch a up"}));
}

TEST(ReplacePlanTest, WhatAServerGaveStaysAway)
{
    Link changed = vlan(3, "v", 2, 5);
    changed.addresses = {address("192.0.2.1/24")};
    changed.leased = changed.addresses;
    const Network network{{link(2, "eth1"), changed}, {route("10.0.0.0/8", 3, RTPROT_DHCP)}};
    for (const std::string& step : texts(planned(network, {wish("v", "eth1", 6)}))) {
        EXPECT_FALSE(step.starts_with("add ")) << step;
    }
}

TEST(ReplacePlanTest, ALinkThatStaysOffIsNotMarkedForEver)
{
    Link changed = vlan(3, "v", 2, 5);
    changed.up = false;
    changed.group = 9;
    const auto drafted = planned({{link(2, "eth1"), changed}}, {wish("v", "eth1", 6)});
    EXPECT_EQ(texts(drafted), (Texts{"delete vlan v", "create vlan v on eth1", "put v into group 9", "switch v up"}));
}

TEST(ReplacePlanTest, IsRefusedWhereNotAllCanBePutBack)
{
    Link above = link(4, "mv0", "macvlan");
    above.lower = 3;
    const auto blocked = planned({{link(2, "eth1"), vlan(3, "v", 2, 5), above}}, {wish("v", "eth1", 6)});
    ASSERT_TRUE(blocked.complaint);
    EXPECT_EQ(blocked.complaint->error.code, ErrorCode::refused);
    EXPECT_EQ(blocked.complaint->error.message,
              "cannot make 'v' anew: 'mv0', a macvlan, lies on it and could not be put back");
    const auto not_yet = planned({{link(2, "eth1"), vlan(3, "v", 2, 5)}}, {wish("v", "eth7", 5)});
    ASSERT_TRUE(not_yet.complaint);
    EXPECT_EQ(not_yet.complaint->error.message, "cannot make 'v' anew on 'eth7', which does not exist yet");
}

TEST(ReplacePlanTest, TheSameIsLeftAlone)
{
    EXPECT_EQ(texts(planned({{link(2, "eth1"), vlan(3, "v", 2, 5)}}, {wish("v", "eth1", 5)})), Texts{});
}

}  // namespace
}  // namespace kvmkit::net
