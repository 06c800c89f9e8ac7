// SPDX-License-Identifier: Apache-2.0
#include "net/planner/outlook.hpp"
#include "../persist/sample.hpp"

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

using sample::address;
using sample::name;

Network one_card()
{
    Link eth0{.name = name("eth0"), .index = 2, .mtu = 1400, .up = true, .ethernet = true};
    eth0.mac = MacAddress::parse("52:54:00:12:34:56").value();
    eth0.addresses = {address("192.0.2.10/24"), address("198.51.100.7/24")};
    eth0.leased = {address("198.51.100.7/24")};
    Network network{.links = {eth0}};
    network.routes.push_back({.link = 2, .gateway = IpAddress::parse("192.0.2.1").value(), .table = 254});
    return network;
}

TEST(Outlook, AHandoverMovesAddressesLeasesAndRoutes)
{
    const Plan plan{{CreateLink{.name = name("br0"), .kind = "bridge", .mtu = 1400}},
                    {Handover{name("eth0"), name("br0"), Direction::to_bridge}},
                    {SwitchUp{name("br0")}}};
    const Network before = one_card();
    const Network after = outlook(before, plan);
    const Link* bridge = find(after, name("br0"));
    const Link* card = find(after, name("eth0"));
    ASSERT_TRUE(bridge != nullptr && card != nullptr);
    EXPECT_EQ(bridge->addresses, before.links[0].addresses);
    EXPECT_EQ(bridge->leased, before.links[0].leased);
    EXPECT_TRUE(card->addresses.empty() && card->leased.empty());
    EXPECT_EQ(card->master, bridge->index);
    EXPECT_EQ(after.routes[0].link, bridge->index);
    EXPECT_TRUE(bridge->up);

    const Plan back{{Handover{name("eth0"), name("br0"), Direction::to_port}}, {DeleteLink{name("br0"), "bridge"}}};
    const Network again = outlook(after, back);
    ASSERT_EQ(again.links.size(), 1U);
    EXPECT_EQ(again.links[0].addresses, before.links[0].addresses);
    EXPECT_EQ(again.links[0].master, 0);
    EXPECT_EQ(again.routes[0].link, 2);
}

TEST(Outlook, AVlanTakesWhatTheCardBelowHas)
{
    const Network after =
        outlook(one_card(), {{CreateLink{.name = name("eth0.7"), .kind = "vlan", .lower = name("eth0")}}});
    const Link* vlan = find(after, name("eth0.7"));
    ASSERT_NE(vlan, nullptr);
    EXPECT_EQ(vlan->lower, 2);
    EXPECT_EQ(vlan->mtu, 1400U);
}

TEST(Outlook, PortsAreFreeOnceTheirBridgeIsGone)
{
    Network network = one_card();
    network.links.push_back({.name = name("br0"), .index = 3, .kind = "bridge"});
    const Network joined = outlook(network, {{Attach{.port = name("eth0"), .bridge = name("br0")}}});
    EXPECT_EQ(find(joined, name("eth0"))->master, 3);
    EXPECT_TRUE(find(joined, name("eth0"))->vlans.has_value());
    EXPECT_EQ(find(outlook(joined, {{DeleteLink{name("br0"), "bridge"}}}), name("eth0"))->master, 0);
    EXPECT_FALSE(find(outlook(joined, {{Release{name("eth0"), name("br0")}}}), name("eth0"))->vlans.has_value());
}

TEST(Outlook, TheOtherEndOfACableAndTheRoutesThroughItGoWithIt)
{
    Network network = one_card();
    network.links.push_back({.name = name("va"), .index = 3, .kind = "veth", .lower = 4});
    network.links.push_back({.name = name("vb"), .index = 4, .kind = "veth", .lower = 3});
    network.routes.push_back({.link = 4, .table = 254});
    const Network after = outlook(network, {{DeleteLink{name("va"), "veth"}}});
    ASSERT_EQ(after.links.size(), 1U);
    EXPECT_EQ(after.links[0].name, name("eth0"));
    ASSERT_EQ(after.routes.size(), 1U);
    EXPECT_EQ(after.routes[0].link, 2);
}

TEST(Outlook, NamesEachLinkOfAPlanOnce)
{
    const Plan plan{{CreateLink{.name = name("br0"), .kind = "bridge"}},
                    {Handover{name("eth0"), name("br0"), Direction::to_bridge}},
                    {Attach{.port = name("eth1"), .bridge = name("br1")}}};
    EXPECT_EQ(links_in(plan), (std::vector{name("br0"), name("eth0"), name("eth1"), name("br1")}));
}

}  // namespace
}  // namespace kvmkit::net
