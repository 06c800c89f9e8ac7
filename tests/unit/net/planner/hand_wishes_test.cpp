// SPDX-License-Identifier: Apache-2.0
#include "net/planner/hand_wishes.hpp"

#include "net/planner/port_rules.hpp"
#include "support/planning.hpp"

#include <linux/if_link.h>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

using testing::birthmark;
using testing::name;
using testing::Texts;

Link link(int index, const std::string& text, const std::string& kind = {})
{
    return {.name = name(text),
            .index = index,
            .kind = kind,
            .mac = MacAddress{{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(index)}},
            .mtu = 1500,
            .up = true,
            .ethernet = true};
}

VlanMembership member_of(VlanId untagged)
{
    VlanMembership vlans{.pvid = untagged};
    vlans.members.add(untagged);
    vlans.untagged.add(untagged);
    return vlans;
}

/// br0 with the ports eth1, which is switched off, and a VM's vnet0; it filters VLANs.
Network filtering()
{
    Link bridge = link(2, "br0", "bridge");
    bridge.options = {number_option(IFLA_BR_VLAN_FILTERING, 1, 1)};
    Link card = link(3, "eth1");
    card.up = false;
    Link tap = link(4, "vnet0", "tun");
    card.master = tap.master = bridge.index;
    bridge.vlans = card.vlans = tap.vlans = member_of(1);
    return {.links = {bridge, card, tap}};
}

Texts texts(const Network& network, const Wishes& wishes)
{
    const auto plan = plan_wishes(network, wishes, birthmark);
    if (!plan) {
        return {"error: " + plan.error().message};
    }
    Texts texts;
    for (const Step& step : *plan) {
        texts.push_back(describe(step.action));
    }
    return texts;
}

DesiredVlans vlans(std::optional<VlanId> native, const std::string& tagged)
{
    return {.native = native, .tagged = *VlanSet::parse(tagged)};
}

TEST(HandWishesTest, VlansOfAPortTouchNeitherOtherPortsNorWhatIsSwitchedOff)
{
    const auto network = filtering();
    const auto plan = plan_wishes(network, wish_for_vlans(network, name("eth1"), vlans(10, "100,200-299")), birthmark);
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_EQ(plan->size(), 1U);
    const auto* set = std::get_if<SetVlans>(&plan->front().action);
    ASSERT_NE(set, nullptr);
    EXPECT_EQ(set->name, name("eth1"));
    EXPECT_EQ(set->vlans.members.str(), "10,100,200-299");
    EXPECT_EQ(set->vlans.untagged.str(), "10");
    EXPECT_EQ(set->vlans.pvid, VlanId{10});
}

TEST(HandWishesTest, VlansOfABridgeKeepThoseThatLinksOnItNeed)
{
    auto network = filtering();
    Link above = link(5, "br0.7", "vlan");
    above.lower = 2;
    above.options = {number_option(IFLA_VLAN_ID, 7, 2)};
    network.links.push_back(above);
    const auto plan = plan_wishes(network, wish_for_vlans(network, name("br0"), vlans(1, "100")), birthmark);
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_EQ(plan->size(), 1U);
    EXPECT_EQ(std::get<SetVlans>(plan->front().action).vlans.members.str(), "1,7,100");
}

TEST(HandWishesTest, VlansThatAreThereAreNothingToDo)
{
    const auto network = filtering();
    EXPECT_EQ(texts(network, wish_for_vlans(network, name("eth1"), {.native = VlanId{1}})), Texts{});
}

TEST(HandWishesTest, VlansOfAPortDoNotMakeItsBridgeFilter)
{
    auto network = filtering();
    network.links.front().options = {number_option(IFLA_BR_VLAN_FILTERING, 0, 1)};
    EXPECT_EQ(texts(network, wish_for_vlans(network, name("eth1"), vlans(std::nullopt, "100"))).size(), 1U);
}

TEST(HandWishesTest, AVlanOnAFilteringBridgeMakesTheBridgeItselfAMember)
{
    const auto network = filtering();
    const auto plan = plan_wishes(
        network, wish_for_vlan(network, {.name = name("br0.100"), .lower = name("br0"), .id = 100}), birthmark);
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_EQ(plan->size(), 3U);
    EXPECT_TRUE(std::holds_alternative<CreateLink>(plan->at(0).action));
    EXPECT_EQ(std::get<SetVlans>(plan->at(1).action).vlans.members.str(), "1,100");
    EXPECT_TRUE(std::holds_alternative<SwitchUp>(plan->at(2).action));
}

TEST(HandWishesTest, AVlanOnAPortOfAFilteringBridgeIsRefused)
{
    const auto network = filtering();
    EXPECT_EQ(texts(network, wish_for_vlan(network, {.name = name("eth1.7"), .lower = name("eth1"), .id = 7})),
              Texts{"error: cannot add VLAN 7 to 'eth1': it is a port of 'br0', which filters VLANs"});
}

TEST(HandWishesTest, AddressesOfAVlanThatExistsStay)
{
    Network network{.links = {link(2, "eth0"), link(3, "eth0.5", "vlan")}};
    network.links[1].lower = 2;
    network.links[1].options = {number_option(IFLA_VLAN_ID, 5, 2)};
    network.links[1].addresses = {*InterfaceAddress::parse("192.0.2.1/24")};
    const VlanSpec spec{.name = name("eth0.5"),
                        .lower = name("eth0"),
                        .id = 5,
                        .addresses = {*InterfaceAddress::parse("192.0.2.2/24")}};
    EXPECT_EQ(texts(network, wish_for_vlan(network, spec)), Texts{"add address 192.0.2.2/24 to eth0.5"});
}

TEST(HandWishesTest, APortComesWithoutTheOthersBeingTouched)
{
    auto network = filtering();
    network.links.push_back(link(5, "eth2"));
    EXPECT_EQ(texts(network, wish_to_attach(network, name("br0"), {name("eth2"), name("eth1")})),
              (Texts{"attach eth2 to br0", "switch eth1 up"}));
    EXPECT_EQ(texts(network, wish_to_release(network, {name("eth1")})), Texts{"release eth1 from br0"});
    EXPECT_EQ(texts(network, wish_to_release(network, {name("eth2")})), Texts{});
}

TEST(HandWishesTest, RoutesAboveALinkSayThatTheHostLeadsThroughIt)
{
    auto network = filtering();
    EXPECT_FALSE(leads_away(network, name("eth1")));
    Link above = link(5, "br0.7", "vlan");
    above.lower = 2;
    above.routes = {"default"};
    network.links.push_back(above);
    EXPECT_TRUE(leads_away(network, name("eth1")));
    EXPECT_TRUE(leads_away(network, name("br0")));
    EXPECT_FALSE(leads_away(network, name("eth9")));
}

}  // namespace
}  // namespace kvmkit::net
