// SPDX-License-Identifier: Apache-2.0
#include "net/planner/state_plan.hpp"

#include "net/planner/difference.hpp"
#include "support/planning.hpp"

#include <linux/if_link.h>

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

Link virtual_link(int index, const std::string& text, const std::string& kind)
{
    Link link = card(index, text);
    link.kind = kind;
    return link;
}

DesiredInterface vlan(const std::string& text, const std::string& lower, VlanId id)
{
    auto wanted = wish(text, "vlan");
    wanted.lower = name(lower);
    wanted.options = {number_option(IFLA_VLAN_ID, id, 2)};
    return wanted;
}

TEST(StatePlanTest, MakesLowerLinksFirstAndSwitchesThemOnFirst)
{
    auto bridge = wish("br0", "bridge");
    bridge.ports = {{{.name = name("bond0.10"), .path = "p"}}};
    auto bond = wish("bond0", "bond");
    bond.ports = {{{.name = name("eth1"), .path = "q"}}};
    bond.options = {number_option(IFLA_BOND_MIIMON, 100, 4), number_option(IFLA_BOND_MODE, 1, 1)};
    const auto steps = plan({{card(2, "eth1")}}, wishes({bridge, vlan("bond0.10", "bond0", 10), bond}));
    EXPECT_EQ(steps,
              (Texts{"create bridge br0 with MAC 02:00:00:00:00:ff",
                     "create bond bond0",
                     "create vlan bond0.10 on bond0",
                     "attach bond0.10 to br0",
                     "switch eth1 down",
                     "attach eth1 to bond0",
                     "switch eth1 up",
                     "switch bond0 up",
                     "switch bond0.10 up",
                     "switch br0 up"}));
}

TEST(StatePlanTest, EachNewBridgeHasAMacOfItsOwn)
{
    const auto steps = plan({}, wishes({wish("br0", "bridge"), wish("br1", "bridge")}));
    EXPECT_EQ(steps.at(0), "create bridge br0 with MAC 02:00:00:00:00:ff");
    EXPECT_EQ(steps.at(1), "create bridge br1 with MAC 02:00:00:00:01:00");
}

TEST(StatePlanTest, TakesApartStepByStepWhatGoesWithALinkThatIsDeleted)
{
    auto bridge = virtual_link(3, "br0", "bridge");
    bridge.addresses = {address("192.0.2.1/24"), address("192.0.2.2/24"), address("fe80::1/64")};
    auto port = card(2, "eth1");
    port.master = 3;
    auto above = virtual_link(4, "br0.7", "vlan");
    above.lower = 3;
    const Route route{.destination = *Prefix::parse("10.0.0.0/8"), .link = 3, .table = 254, .protocol = 4, .type = 1};
    auto gone = wish("br0", "bridge");
    gone.state = DesiredState::absent;
    EXPECT_EQ(plan({{port, bridge, above}, {route}}, wishes({gone})),
              (Texts{"switch br0.7 down",
                     "delete vlan br0.7",
                     "release eth1 from br0",
                     "remove route 10.0.0.0/8 dev br0",
                     "remove address 192.0.2.2/24 from br0",
                     "remove address 192.0.2.1/24 from br0",
                     "switch br0 down",
                     "delete bridge br0"}));
}

TEST(StatePlanTest, DoesNotDeleteTheTapOfAVm)
{
    auto tap = virtual_link(2, "vnet0", "tun");
    auto gone = wish("vnet0", "tun");
    gone.state = DesiredState::absent;
    EXPECT_EQ(plan({{tap}}, wishes({gone})),
              Texts{"complaint: cannot delete link 'vnet0': a VM may be connected to it @ interfaces[vnet0]"});
}

TEST(StatePlanTest, AddsAddressesBeforeItTakesOthersAway)
{
    auto link = card(2, "eth1");
    link.addresses = {address("192.0.2.1/24"), address("192.0.2.2/24"), address("198.51.100.1/24")};
    auto wanted = wish("eth1", "");
    wanted.ipv4.addresses = {address("192.0.2.2/24"), address("198.51.100.1/24"), address("203.0.113.1/24")};
    EXPECT_EQ(plan({{link}}, wishes({wanted})),
              (Texts{"add address 203.0.113.1/24 to eth1",

                     "remove address 192.0.2.1/24 from eth1"}));
}

TEST(StatePlanTest, WhatIsNotNamedIsKept)
{
    auto link = card(2, "eth1");
    link.addresses = {address("192.0.2.1/24"), address("2001:db8::1/64")};
    auto wanted = wish("eth1", "");
    wanted.ipv4.enabled = true;
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{});
    wanted.ipv6.enabled = false;
    EXPECT_EQ(plan({{link}}, wishes({wanted})),
              (Texts{"remove address 2001:db8::1/64 from eth1", "switch IPv6 of eth1 off"}));
}

TEST(StatePlanTest, GrowsPacketsFromBelowAndShrinksThemFromAbove)
{
    auto lower = card(2, "eth1");
    auto upper = virtual_link(3, "eth1.5", "vlan");
    upper.lower = 2;
    auto wanted_lower = wish("eth1", "");
    auto wanted_upper = wish("eth1.5", "vlan");
    wanted_lower.mtu = wanted_upper.mtu = 9000;
    EXPECT_EQ(plan({{lower, upper}}, wishes({wanted_upper, wanted_lower})),
              (Texts{"set the MTU of eth1 to 9000", "set the MTU of eth1.5 to 9000"}));
    wanted_lower.mtu = wanted_upper.mtu = 1400;
    EXPECT_EQ(plan({{lower, upper}}, wishes({wanted_lower, wanted_upper})),
              (Texts{"set the MTU of eth1.5 to 1400", "set the MTU of eth1 to 1400"}));
}

TEST(StatePlanTest, FiltersVlansOnlyOncePortsAndHostBelongToTheirs)
{
    auto bridge = virtual_link(3, "br0", "bridge");
    bridge.options = {number_option(IFLA_BR_VLAN_FILTERING, 0, 1)};
    bridge.vlans = VlanMembership{*VlanSet::parse("1"), *VlanSet::parse("1"), 1};
    auto port = card(2, "eth1");
    port.master = 3;
    port.vlans = bridge.vlans;
    auto above = virtual_link(4, "br0.7", "vlan");
    above.lower = 3;
    above.options = {number_option(IFLA_VLAN_ID, 7, 2)};
    auto wanted = wish("br0", "bridge");
    wanted.ports = {{{.name = name("eth1"), .vlans = DesiredVlans{10, *VlanSet::parse("100-102")}, .path = "p"}}};
    const Network network{{port, bridge, above}};
    EXPECT_EQ(plan(network, wishes({wanted})),
              (Texts{"set the VLANs of eth1: native 10 tagged 100-102",
                     "set the VLANs of br0: native 1 tagged 7",
                     "set vlan-filtering=true of bridge br0"}));
    const auto drafted = plan_state(network, wishes({wanted}), birthmark);
    EXPECT_EQ(differences(drafted.plan, network),
              (Texts{"~ eth1 vlans native 1 -> native 10 tagged 100-102",
                     "~ br0 vlans native 1 -> native 1 tagged 7",
                     "~ br0 vlan-filtering false -> true"}));
}

TEST(StatePlanTest, APortListLeavesTheTapsOfVmsAloneUnlessTheyAreNamed)
{
    auto bridge = virtual_link(3, "br0", "bridge");
    auto port = card(2, "eth1");
    auto tap = virtual_link(4, "vnet0", "tun");
    port.master = tap.master = 3;
    auto wanted = wish("br0", "bridge");
    wanted.ports.emplace();
    EXPECT_EQ(plan({{port, bridge, tap}}, wishes({wanted})), Texts{"release eth1 from br0"});
    wanted.keep_foreign_ports = false;
    EXPECT_EQ(plan({{port, bridge, tap}}, wishes({wanted})),
              (Texts{"release eth1 from br0", "release vnet0 from br0"}));
}

TEST(StatePlanTest, RefusesToMakeAPortOfALinkThatTheHostTalksThrough)
{
    auto link = card(2, "eth1");
    link.addresses = {address("192.0.2.1/24")};
    auto wanted = wish("br0", "bridge");
    wanted.ports = {{{.name = name("eth1"), .path = "interfaces[0].bridge.port[0]"}}};
    const auto refused = plan_state({{link}}, wishes({wanted}), birthmark);
    ASSERT_TRUE(refused.complaint);
    EXPECT_EQ(refused.complaint->error.code, ErrorCode::refused);
    EXPECT_EQ(refused.complaint->at, "interfaces[0].bridge.port[0]");
    EXPECT_TRUE(refused.plan.empty());
}

TEST(StatePlanTest, MovesAddressesAndRoutesWithALinkToTheBridgeThatIsToHaveThem)
{
    auto link = card(2, "eth1");
    link.addresses = {address("192.0.2.1/24"), address("fe80::1/64")};
    link.routes = {"default"};
    const Route route{.destination = Prefix::all(Family::ipv4),
                      .link = 2,
                      .gateway = *IpAddress::parse("192.0.2.254"),
                      .table = 254,
                      .protocol = 4,
                      .type = 1};
    auto bridge = wish("br0", "bridge");
    bridge.ports = {{{.name = name("eth1"), .path = "p"}}};
    bridge.ipv4.addresses = {address("192.0.2.1/24"), address("192.0.2.2/24")};
    auto port = wish("eth1", "");
    port.ipv4.enabled = false;
    auto wanted = wishes({bridge, port});
    wanted.routes = {{.destination = route.destination, .link = name("br0"), .gateway = route.gateway}};
    EXPECT_EQ(plan({{link}, {route}}, wanted),
              (Texts{"create bridge br0 with MAC 52:54:00:00:00:02",
                     "hand the addresses and routes of eth1 over to br0, and attach eth1",
                     "add address 192.0.2.2/24 to br0",
                     "switch br0 up"}));
}

TEST(StatePlanTest, NamesWhatIsMissing)
{
    EXPECT_EQ(plan({}, wishes({wish("eth9", "")})),
              Texts{"complaint: cannot set up link 'eth9': it does not exist @ interfaces[eth9]"});
    EXPECT_EQ(plan({}, wishes({vlan("v", "eth9", 5)})),
              Texts{"complaint: cannot create vlan 'v': the link below it, 'eth9', does not exist @ interfaces[v]"});
    EXPECT_EQ(plan({}, wishes({wish("v", "veth")})),
              Texts{"complaint: cannot create veth 'v': its other end has no name @ interfaces[v]"});
    auto other = virtual_link(2, "x", "vlan");
    EXPECT_EQ(
        plan({{other}}, wishes({wish("x", "bridge")})),
        Texts{"complaint: cannot use link 'x' as a link of kind bridge: it is a link of kind vlan @ interfaces[x]"});
}

TEST(StatePlanTest, ACablesOtherEndIsWhatItIs)
{
    auto one = virtual_link(2, "va", "veth");
    auto other = virtual_link(3, "vb", "veth");
    one.lower = 3;
    other.lower = 2;
    auto wanted = wish("va", "veth");
    wanted.peer = name("vb");
    EXPECT_EQ(plan({{one, other}}, wishes({wanted})), Texts{});
    wanted.peer = name("vc");
    EXPECT_EQ(plan({{one, other}}, wishes({wanted})),
              Texts{"complaint: cannot connect veth 'va' to 'vc': its other end is 'vb' @ interfaces[va].veth.peer"});
    one.lower = 0;
    EXPECT_EQ(plan({{one}}, wishes({wanted})),
              Texts{"complaint: cannot connect veth 'va' to 'vc': its other end is in another network namespace @ "
                    "interfaces[va].veth.peer"});
    wanted.state = DesiredState::absent;
    EXPECT_EQ(plan({{one}}, wishes({wanted})), (Texts{"switch va down", "delete veth va"}));
}

TEST(StatePlanTest, TheLoopbackLinkStaysAsItIs)
{
    auto lo = card(1, "lo");
    lo.loopback = true;
    for (const auto state : {DesiredState::up, DesiredState::down, DesiredState::absent}) {
        auto wanted = wish("lo", "");
        wanted.state = state;
        EXPECT_EQ(
            plan({{lo}}, wishes({wanted})),
            Texts{"complaint: cannot set up 'lo': it is the loopback link, which the kernel keeps and all live by @ "
                  "interfaces[lo]"});
    }
    auto ignored = wish("lo", "");
    ignored.state = DesiredState::ignore;
    EXPECT_EQ(plan({{lo}}, wishes({ignored})), Texts{});
}

TEST(StatePlanTest, ANewBridgeIsNotToldToFilterNothing)
{
    auto wanted = wish("br0", "bridge");
    wanted.options = {number_option(IFLA_BR_VLAN_FILTERING, 0, 1)};
    const auto drafted = plan_state({}, wishes({wanted}), birthmark);
    EXPECT_EQ(find(std::get<CreateLink>(drafted.plan.at(0).action).options, IFLA_BR_VLAN_FILTERING), nullptr);
    wanted.options = {number_option(IFLA_BR_VLAN_FILTERING, 1, 1)};
    const auto filtering = plan_state({}, wishes({wanted}), birthmark);
    EXPECT_NE(find(std::get<CreateLink>(filtering.plan.at(0).action).options, IFLA_BR_VLAN_FILTERING), nullptr);
}

TEST(StatePlanTest, ARouteThatIsThereIsTheSameWithoutTheWordOnLink)
{
    auto link = card(2, "eth1");
    const Route there{.destination = *Prefix::parse("0.0.0.0/0"),
                      .link = 2,
                      .gateway = *IpAddress::parse("203.0.113.1"),
                      .table = 254,
                      .protocol = 4,
                      .type = 1,
                      .onlink = true};
    auto wanted = wishes({});
    wanted.routes = {{.destination = there.destination, .link = name("eth1"), .gateway = there.gateway}};
    EXPECT_EQ(plan({{link}, {there}}, wanted), Texts{});
    wanted.routes.front().on_link = true;
    EXPECT_EQ(plan({{link}, {there}}, wanted), Texts{});
    EXPECT_EQ(plan({{link}}, wanted), Texts{"add route default via 203.0.113.1 dev eth1 onlink"});
}

TEST(StatePlanTest, ManyLinksThatGoAreMarkedSoThatTheyGoAtOnce)
{
    Network network;
    std::vector<DesiredInterface> gone;
    for (int index = 2; index < 12; ++index) {
        network.links.push_back(virtual_link(index, "br" + std::to_string(index), "bridge"));
        network.links.back().up = index != 5;
        gone.push_back(wish(network.links.back().name.str(), "bridge"));
        gone.back().state = DesiredState::absent;
    }
    const auto drafted = plan_state(network, wishes(gone), birthmark);
    ASSERT_EQ(drafted.plan.size(), 20U);
    EXPECT_EQ(std::get<SwitchDown>(drafted.plan.at(0).action).group, birthmark.mark ^ 1U);
    EXPECT_EQ(drafted.plan.at(9).action, (Action{SetGroup{name("br5"), birthmark.mark ^ 1U}}));
    gone.resize(2);
    EXPECT_EQ(std::get<SwitchDown>(plan_state(network, wishes(gone), birthmark).plan.at(0).action).group, std::nullopt);
}

TEST(StatePlanTest, RoutesAreAddedToAndTakenAwayByWhatMatches)
{
    const Route old{.destination = *Prefix::parse("10.0.0.0/8"),
                    .link = 2,
                    .gateway = *IpAddress::parse("192.0.2.254"),
                    .table = 254,
                    .protocol = 4,
                    .type = 1};
    auto wanted = wishes({});
    wanted.routes = {{.absent = true, .link = name("eth1")},
                     {.destination = *Prefix::parse("0.0.0.0/0"),
                      .link = name("eth1"),
                      .gateway = *IpAddress::parse("192.0.2.253")}};
    EXPECT_EQ(
        plan({{card(2, "eth1")}, {old}}, wanted),
        (Texts{"remove route 10.0.0.0/8 via 192.0.2.254 dev eth1", "add route default via 192.0.2.253 dev eth1"}));
    wanted.routes = {{.destination = old.destination, .link = name("eth1"), .gateway = old.gateway}};
    EXPECT_EQ(plan({{card(2, "eth1")}, {old}}, wanted), Texts{});
}

}  // namespace
}  // namespace kvmkit::net
