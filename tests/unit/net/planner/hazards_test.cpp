// SPDX-License-Identifier: Apache-2.0
#include "net/planner/hazards.hpp"

#include "net/planner/hand_wishes.hpp"
#include "net/planner/lan_bridge.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

const Birthmark birthmark{MacAddress{{0x02, 0, 0, 0, 0, 0xff}}, 77};
const Operator by_ssh{*IpAddress::parse("203.0.113.9"), *IpAddress::parse("192.0.2.1")};

LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

Link link(int index, const std::string& text, const std::string& kind = {})
{
    return {.name = name(text), .index = index, .kind = kind, .mtu = 1500, .up = true, .ethernet = true};
}

void give(Network& network, std::size_t which, const std::string& address)
{
    Link& link = network.links[which];
    link.addresses = {*InterfaceAddress::parse(address)};
    link.routes = {"default"};
    network.routes = {{.destination = Prefix::all(Family::ipv4),
                       .link = link.index,
                       .gateway = *IpAddress::parse("192.0.2.254"),
                       .table = RT_TABLE_MAIN,
                       .type = RTN_UNICAST}};
}

/// eth0, through which the operator works, and eth1, which is free.
Network two_cards()
{
    Network network{.links = {link(2, "eth0"), link(3, "eth1")}};
    give(network, 0, "192.0.2.1/24");
    return network;
}

/// br0 with the operator's address on it, over eth0.
Network bridged()
{
    Network network{.links = {link(2, "eth0"), link(3, "br0", "bridge"), link(4, "vnet0", "tun")}};
    network.links[0].master = network.links[2].master = 3;
    give(network, 1, "192.0.2.1/24");
    return network;
}

Plan to_bridge(const Network& network)
{
    return *plan_lan_bridge(network, {name("eth0"), name("br0")}, birthmark);
}

Plan by_hand(const Network& network, const Wishes& wishes)
{
    auto plan = plan_wishes(network, wishes, birthmark);
    return plan ? *std::move(plan) : Plan{};
}

std::string told(const Network& network, const Plan& plan, const HazardFacts& around)
{
    EXPECT_FALSE(plan.empty());
    const auto hazard = hazard_of(network, plan, around, {});
    return hazard ? hazard->name + ": " + hazard->error.message : "nothing";
}

TEST(HazardsTest, NothingSpeaksAgainstABridgeOnAnOrdinaryHost)
{
    const auto network = two_cards();
    EXPECT_EQ(told(network, to_bridge(network), {.operator_at = by_ssh}), "nothing");
    EXPECT_EQ(told(bridged(), *plan_lan_bridge_back(bridged(), name("eth0")), {.operator_at = by_ssh}), "nothing");
}

TEST(HazardsTest, ACloudsCardIsNoPort)
{
    const auto network = two_cards();
    EXPECT_EQ(told(network, to_bridge(network), {.cloud = "Hetzner Cloud"}),
              "cloud-nic: cannot attach port 'eth0' to 'br0': it is a card of a cloud (Hetzner Cloud), which drops "
              "frames of other MACs than the card's own: VMs would have no network");
    for (const auto& [driver, cloud] :
         {std::pair{"ena", "Amazon EC2"}, std::pair{"gve", "Google Cloud"}, std::pair{"mana", "Microsoft Azure"}}) {
        const auto said = told(network, to_bridge(network), {.drivers = {{name("eth0"), driver}}});
        EXPECT_NE(said.find(cloud), std::string::npos) << said;
    }
    EXPECT_EQ(told(network, to_bridge(network), {.drivers = {{name("eth0"), "virtio_net"}}}), "nothing");
}

TEST(HazardsTest, ACloudHasNothingAgainstBridgesWithoutACard)
{
    Network network{.links = {link(2, "br0", "bridge"), link(3, "va", "veth")}};
    const auto plan = by_hand(network, wish_to_attach(network, name("br0"), {name("va")}));
    EXPECT_EQ(told(network, plan, {.cloud = "Amazon EC2", .vmware = true}), "nothing");
    EXPECT_NE(told(network, plan, {.cloud = "Amazon EC2", .drivers = {{name("va"), "ena"}}}), "nothing");
}

TEST(HazardsTest, WhatHypervisorsMayDropIsSaidBecauseItCannotBeSeen)
{
    const auto network = two_cards();
    EXPECT_EQ(told(network, to_bridge(network), {.vmware = true}).substr(0, 7), "vmware:");
    EXPECT_EQ(told(network, to_bridge(network), {.drivers = {{name("eth0"), "hv_netvsc"}}}).substr(0, 8), "hyper-v:");
}

TEST(HazardsTest, AWirelessCardIsNoPort)
{
    auto network = two_cards();
    network.links[0].wireless = true;
    EXPECT_EQ(told(network, to_bridge(network), {}).substr(0, 5), "wifi:");
}

TEST(HazardsTest, WhatStandsOnACardSendsThroughIt)
{
    Network network{.links = {link(2, "eth0"),
                              link(3, "bond0", "bond"),
                              link(4, "bond0.7", "vlan"),
                              link(5, "mac0", "macvlan"),
                              link(6, "br0", "bridge"),
                              link(7, "dummy0", "dummy")}};
    network.links[0].master = 3;
    network.links[0].wireless = true;
    network.links[2].lower = 3;
    network.links[3].lower = 2;
    for (const auto* port : {"bond0", "bond0.7", "mac0"}) {
        const auto plan = by_hand(network, wish_to_attach(network, name("br0"), {name(port)}));
        EXPECT_EQ(told(network, plan, {}),
                  "wifi: cannot attach port '" + std::string{port} +
                      "' to 'br0': it stands on 'eth0': a Wi-Fi card in client mode sends only with its own MAC and "
                      "cannot be a bridge port");
        EXPECT_EQ(told(network, plan, {.cloud = "Amazon EC2"}).substr(0, 10), "cloud-nic:");
    }
    const auto plan = by_hand(network, wish_to_attach(network, name("br0"), {name("dummy0")}));
    EXPECT_EQ(told(network, plan, {.cloud = "Amazon EC2", .vmware = true}), "nothing");
}

TEST(HazardsTest, ABondThatABridgeAlreadySendsByGetsNoSuchCardEither)
{
    Network network{.links = {link(2, "eth0"),
                              link(3, "bond0", "bond"),
                              link(4, "bond0.7", "vlan"),
                              link(5, "br0", "bridge"),
                              link(6, "br7", "bridge")}};
    network.links[2].lower = 3;
    const Plan plan{{Attach{name("eth0"), name("bond0")}}};
    EXPECT_EQ(told(network, plan, {.cloud = "Amazon EC2"}), "nothing");
    network.links[2].master = 6;
    EXPECT_EQ(told(network, plan, {.vmware = true})
                  .find("vmware: cannot attach port 'eth0' to 'bond0': 'bond0.7' is a "
                        "port of 'br7': the host is a guest of VMware's"),
              0U);
    network.links[1].master = 5;
    EXPECT_EQ(told(network, plan, {.cloud = "Amazon EC2"})
                  .find("cloud-nic: cannot attach port 'eth0' to 'bond0': 'bond0' is a port of 'br0': it is a card"),
              0U);
    const Plan leaving{{Release{name("bond0.7"), name("br7")}},
                       {Release{name("bond0"), name("br0")}},
                       {Attach{name("eth0"), name("bond0")}}};
    EXPECT_EQ(told(network, leaving, {.cloud = "Amazon EC2", .vmware = true}), "nothing");
}

TEST(HazardsTest, WhatThePlanItselfPutsOnACardSendsThroughIt)
{
    const Network network{.links = {link(2, "eth0"), link(6, "br0", "bridge")}};
    const Plan plan{{CreateLink{.name = name("bond0"), .kind = "bond"}},
                    {CreateLink{.name = name("bond0.7"), .kind = "vlan", .lower = name("bond0")}},
                    {Attach{name("eth0"), name("bond0")}},
                    {Attach{name("bond0.7"), name("br0")}}};
    EXPECT_EQ(told(network, plan, {.vmware = true}).substr(0, 7), "vmware:");
    EXPECT_NE(told(network, plan, {.vmware = true}).find("port 'bond0.7' to 'br0': it stands on 'eth0'"),
              std::string::npos);
}

TEST(HazardsTest, WhatProxmoxConfiguresIsLeftToIt)
{
    const auto network = two_cards();
    const HazardFacts around{.proxmox = true, .ifupdown_links = {"eth0", "vmbr0"}};
    EXPECT_EQ(
        told(network, to_bridge(network), around),
        "proxmox: cannot hand the addresses and routes of eth0 over to br0, and attach eth0: Proxmox VE configures "
        "'eth0' by /etc/network/interfaces, and its next ifreload would take this back");
    EXPECT_EQ(told(network, to_bridge(network), {.ifupdown_links = {"eth0"}}), "nothing");
}

TEST(HazardsTest, EachIsAllowedByItsName)
{
    auto network = two_cards();
    network.links[0].wireless = true;
    const HazardFacts around{.cloud = "Amazon EC2", .vmware = true, .drivers = {{name("eth0"), "hv_netvsc"}}};
    const auto plan = to_bridge(network);
    std::set<std::string> allowed;
    for (const std::string expected : {"cloud-nic", "wifi", "vmware", "hyper-v"}) {
        const auto hazard = hazard_of(network, plan, around, allowed);
        ASSERT_TRUE(hazard) << expected;
        EXPECT_EQ(hazard->name, expected);
        EXPECT_EQ(hazard->error.code, ErrorCode::refused);
        EXPECT_NE(hazard->error.hint.find("--allow " + expected), std::string::npos) << hazard->error.hint;
        allowed.insert(expected);
    }
    EXPECT_FALSE(hazard_of(network, plan, around, allowed));
}

TEST(HazardsTest, NamesAreReadFromListsAndWrongOnesAreTold)
{
    EXPECT_EQ(*read_allowed({"cloud-nic,wifi", "way-back"}), (std::set<std::string>{"cloud-nic", "wifi", "way-back"}));
    EXPECT_EQ(read_allowed({"all"})->size(), hazard_names().size());
    EXPECT_EQ(read_allowed({"cloud"}).error().message, "cannot allow 'cloud': nothing is refused by that name");
    EXPECT_FALSE(read_allowed({""}));
}

TEST(WayBackTest, TheLastPortUnderTheOperatorsAddressStays)
{
    const auto network = bridged();
    const auto plan = by_hand(network, wish_to_release(network, {name("eth0")}));
    EXPECT_EQ(told(network, plan, {.operator_at = by_ssh}),
              "way-back: cannot change the network so: it leaves no route to 203.0.113.9, from where your ssh session "
              "comes");
    EXPECT_EQ(told(network, plan, {}), "way-back: cannot change the network so: it leaves no default route");
    EXPECT_EQ(told(network, by_hand(network, wish_to_release(network, {name("vnet0")})), {.operator_at = by_ssh}),
              "nothing");
}

TEST(WayBackTest, TheAddressThatTheOperatorTalksToStays)
{
    const auto network = two_cards();
    const Plan plan{{RemoveAddress{name("eth0"), *InterfaceAddress::parse("192.0.2.1/24")}},
                    {AddAddress{name("eth0"), *InterfaceAddress::parse("192.0.2.3/24")}}};
    EXPECT_EQ(
        told(network, plan, {.operator_at = by_ssh}),
        "way-back: cannot change the network so: it leaves no address 192.0.2.1, to which your ssh session talks");
    EXPECT_EQ(told(network, plan, {}), "nothing");
}

TEST(WayBackTest, AnotherWayIsGoodEnough)
{
    auto network = two_cards();
    network.links[1].addresses = {*InterfaceAddress::parse("203.0.113.1/24")};
    const Plan plan{{RemoveRoute{{.destination = Prefix::all(Family::ipv4),
                                  .link = name("eth0"),
                                  .gateway = *IpAddress::parse("192.0.2.254")}}}};
    EXPECT_EQ(told(network, plan, {.operator_at = by_ssh}), "nothing");
    network.links[1].up = false;
    EXPECT_EQ(told(network, plan, {.operator_at = by_ssh}).substr(0, 9), "way-back:");
}

TEST(WayBackTest, FilteringThatDropsTheManagementVlanIsSeen)
{
    auto network = bridged();
    VlanMembership ten{.pvid = VlanId{10}};
    ten.members.add(10);
    network.links[0].vlans = ten;
    network.links[1].vlans = network.links[2].vlans = vlans_of_new_port(network.links[1]);
    const auto filter = [&](const Network& now) {
        return by_hand(
            now, wish_to_set(now, {.bridge = name("br0"), .options = {number_option(IFLA_BR_VLAN_FILTERING, 1, 1)}}));
    };
    EXPECT_EQ(told(network, filter(network), {.operator_at = by_ssh}).substr(0, 9), "way-back:");
    network.links[1].vlans = ten;
    EXPECT_EQ(told(network, filter(network), {.operator_at = by_ssh}), "nothing");
}

TEST(WayBackTest, WhatWasNotReachedBeforeIsNotAskedFor)
{
    auto network = bridged();
    network.links[0].up = false;
    const auto plan = by_hand(network, wish_to_release(network, {name("eth0")}));
    EXPECT_EQ(told(network, plan, {.operator_at = by_ssh}), "nothing");
}

TEST(WayBackTest, WhatRoutesLeadThroughIsKnownDownToTheCard)
{
    auto network = bridged();
    network.links.push_back(link(5, "eth1"));
    const auto set = [](const char* text) { return Plan{{SetMtu{name(text), 1400}}}; };
    for (const char* text : {"br0", "eth0", "vnet0"}) {
        EXPECT_TRUE(touches_way_out(network, set(text))) << text;
    }
    EXPECT_FALSE(touches_way_out(network, set("eth1")));
    EXPECT_FALSE(touches_way_out(network, {{CreateLink{.name = name("br1"), .kind = "bridge"}}}));
}

TEST(WayBackTest, WhatTheHostTalksThroughByAnAddressAloneIsOneToo)
{
    auto network = bridged();
    network.links.push_back(link(5, "br1", "bridge"));
    network.links.push_back(link(6, "eth1"));
    give(network, 3, "198.51.100.1/24");
    give(network, 4, "fe80::1/64");
    for (Link& each : network.links) {
        each.routes.clear();
    }
    network.routes.clear();
    EXPECT_TRUE(touches_way_out(network, {{Release{name("eth0"), name("br0")}}}));
    EXPECT_TRUE(touches_way_out(network, {{SetMtu{name("br0"), 1400}}}));
    EXPECT_FALSE(touches_way_out(network, {{SetMtu{name("br1"), 1400}}})) << "it has no port";
    EXPECT_FALSE(touches_way_out(network, {{SetMtu{name("eth1"), 1400}}}));
}

TEST(WayBackTest, EachWayOfARouteCounts)
{
    auto network = bridged();
    network.links.push_back(link(5, "eth1"));
    RouteEntry route{.destination = Prefix::all(Family::ipv4),
                     .ways = {{name("eth1"), *IpAddress::parse("198.51.100.1")}}};
    EXPECT_FALSE(touches_way_out(network, {{RemoveRoute{route}}}));
    route.ways.push_back({name("br0"), *IpAddress::parse("192.0.2.254")});
    EXPECT_TRUE(touches_way_out(network, {{RemoveRoute{route}}}));
    EXPECT_TRUE(touches_way_out(network, {{AddRoute{route}}}));
}

TEST(WayBackTest, OnlySshsOwnWordsAreRead)
{
    EXPECT_EQ(read_operator("203.0.113.9 50522 192.0.2.1 22"), by_ssh);
    EXPECT_TRUE(read_operator("fe80::1%eth0 50522 fe80::2%eth0 22"));
    for (const char* text :
         {"", "203.0.113.9", "203.0.113.9 50522 192.0.2.1", "a b c d", "203.0.113.9 1 192.0.2.1 22 x"}) {
        EXPECT_FALSE(read_operator(text)) << text;
    }
}

}  // namespace
}  // namespace kvmkit::net
