// SPDX-License-Identifier: Apache-2.0
// What a state plan says of links that stand on one another.
#include "net/planner/state_plan.hpp"

#include <linux/if_link.h>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

Link link(int index, const std::string& text, const std::string& kind = {})
{
    return {.name = name(text), .index = index, .kind = kind, .mtu = 1500, .up = true, .ethernet = true};
}

DesiredInterface wish(const std::string& text, const std::string& kind)
{
    return {.name = name(text), .kind = kind, .path = text};
}

DesiredInterface vlan(const std::string& text, const std::string& lower, VlanId id)
{
    auto wanted = wish(text, "vlan");
    wanted.lower = name(lower);
    wanted.options = {number_option(IFLA_VLAN_ID, id, 2)};
    return wanted;
}

/// "MESSAGE @ PATH"; empty: nothing is complained of.
std::string complaint(const Network& network, std::vector<DesiredInterface> wanted, std::string* hint = nullptr)
{
    const Birthmark birthmark{MacAddress{{0x02, 0, 0, 0, 0, 0xff}}, 77};
    const auto drafted = plan_state(network, {.interfaces = std::move(wanted)}, birthmark);
    if (!drafted.complaint) {
        return {};
    }
    if (hint != nullptr) {
        *hint = drafted.complaint->error.hint;
    }
    return drafted.complaint->error.message + " @ " + drafted.complaint->at;
}

TEST(LayersPlanTest, CirclesAreNamedAndTheMissingLinkBelowAll)
{
    EXPECT_EQ(complaint({}, {vlan("a", "b", 1), vlan("b", "c", 1), vlan("c", "b", 1)}),
              "cannot create the links that stand on one another in a circle: 'b' on 'c' on 'b' @ b");
    EXPECT_EQ(complaint({}, {vlan("a", "b", 1), vlan("b", "eth9", 1)}),
              "cannot create vlan 'b': the link below it, 'eth9', does not exist @ b");
}

TEST(LayersPlanTest, ANewVlanNeedsANumberAndANewBondAMode)
{
    auto numberless = vlan("v", "eth0", 1);
    numberless.options.clear();
    EXPECT_EQ(complaint({{link(2, "eth0")}}, {numberless}), "cannot create vlan 'v': it has no number @ v.vlan");
    EXPECT_EQ(complaint({}, {wish("bond0", "bond")}),
              "cannot create bond 'bond0': it has no mode @ bond0.link-aggregation");
    auto there = link(3, "v", "vlan");
    there.lower = 2;
    there.options = {number_option(IFLA_VLAN_ID, 7, 2)};
    EXPECT_EQ(complaint({{link(2, "eth0"), there, link(4, "bond0", "bond")}}, {numberless, wish("bond0", "bond")}), "");
}

TEST(LayersPlanTest, AVlanThatAnotherLinkHasIsNotMadeAgain)
{
    auto there = link(3, "old", "vlan");
    there.lower = 2;
    there.options = {number_option(IFLA_VLAN_ID, 7, 2)};
    EXPECT_EQ(complaint({{link(2, "eth0"), there}}, {vlan("new", "eth0", 7)}),
              "cannot create vlan 'new': 'old' is VLAN 7 of 'eth0' already @ new.vlan.id");
    EXPECT_EQ(complaint({{link(2, "eth0"), there}}, {vlan("new", "eth0", 8)}), "");
    auto gone = wish("old", "vlan");
    gone.state = DesiredState::absent;
    EXPECT_EQ(complaint({{link(2, "eth0"), there}}, {vlan("new", "eth0", 7), gone}), "");
}

TEST(LayersPlanTest, NothingIsAPortOfWhatItStandsOn)
{
    auto above = link(3, "br0.5", "vlan");
    above.lower = 2;
    auto bridge = wish("br0", "bridge");
    bridge.ports = {{{.name = name("br0.5"), .path = "p"}}};
    EXPECT_EQ(complaint({{link(2, "br0", "bridge"), above}}, {bridge}),
              "cannot attach port 'br0.5' to 'br0': it stands on 'br0', and packets would go in a circle @ p");
    above.lower = 4;
    EXPECT_EQ(complaint({{link(2, "br0", "bridge"), above, link(4, "eth0")}}, {bridge}), "");
}

TEST(LayersPlanTest, APortInUseIsPointedToWhatTheFileItselfCanSay)
{
    auto card = link(2, "eth0");
    card.addresses = {*InterfaceAddress::parse("192.0.2.1/24")};
    auto bridge = wish("br0", "bridge");
    bridge.ports = {{{.name = name("eth0"), .path = "p"}}};
    std::string hint;
    EXPECT_NE(complaint({{card}}, {bridge}, &hint), "");
    EXPECT_NE(hint.find("in this file, write move-ip-from: eth0 at 'br0'"), std::string::npos) << hint;
    bridge.ports->front().path.clear();
    EXPECT_NE(complaint({{card}}, {bridge}, &hint), "");
    EXPECT_EQ(hint.find("move-ip-from"), std::string::npos) << hint;
}

TEST(LayersPlanTest, SettingsThatNoBridgeOfThisKernelHasAreRefusedByTheirFeature)
{
    auto bare = link(2, "br9", "bridge");
    bare.options = {number_option(IFLA_BR_FORWARD_DELAY, 0, 4), number_option(IFLA_BR_VLAN_FILTERING, 0, 1)};
    auto wanted = wish("br0", "bridge");
    wanted.options = {number_option(IFLA_BR_VLAN_DEFAULT_PVID, 5, 2)};
    std::string hint;
    EXPECT_EQ(complaint({{bare}}, {wanted}, &hint),
              "cannot set vlan-default-pvid=5 of bridge 'br0': this kernel does not know the setting @ "
              "br0.bridge.options.vlan-default-pvid");
    EXPECT_EQ(hint, "it may be built without CONFIG_BRIDGE_VLAN_FILTERING");
    wanted.name = bare.name;
    wanted.options = {number_option(IFLA_BR_NF_CALL_IPTABLES, 1, 1)};
    EXPECT_NE(complaint({{bare}}, {wanted}, &hint), "");
    EXPECT_EQ(hint, "it may be built without CONFIG_BRIDGE_NETFILTER");
    bare.options.push_back(number_option(IFLA_BR_NF_CALL_IPTABLES, 0, 1));
    EXPECT_EQ(complaint({{bare}}, {wanted}), "");
}

TEST(LayersPlanTest, ANewBridgeWithVlanSettingsMakesAKernelWithoutThemSpeak)
{
    auto wanted = wish("br0", "bridge");
    wanted.options = {number_option(IFLA_BR_VLAN_DEFAULT_PVID, 5, 2)};
    const auto drafted = plan_state({}, {.interfaces = {wanted}}, {MacAddress{{2, 0, 0, 0, 0, 1}}, 77});
    ASSERT_FALSE(drafted.plan.empty());
    const LinkOption* told = find(std::get<CreateLink>(drafted.plan.front().action).options, IFLA_BR_VLAN_FILTERING);
    ASSERT_NE(told, nullptr);
    EXPECT_EQ(option_number(*told), 0U);
}

}  // namespace
}  // namespace kvmkit::net
