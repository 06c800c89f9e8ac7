// SPDX-License-Identifier: Apache-2.0
#include "unit/net/state/reading.hpp"

namespace kvmkit::net {
namespace {

std::string said(const std::string& interfaces)
{
    return mistakes_in("interfaces:\n" + interfaces);
}

TEST(StateLayersTest, ABridgeIsNoPortOfABridge)
{
    EXPECT_EQ(
        said("- {name: br0, type: linux-bridge, bridge: {port: [{name: br1}]}}\n- {name: br1, type: linux-bridge}\n"),
        "2:58 interfaces[0].bridge.port[0].name: 'br1' is a bridge and cannot be a port of the bridge 'br0'\n");
    EXPECT_EQ(said("- {name: br0, type: linux-bridge}\n- {name: br1, type: linux-bridge, controller: br0}\n"),
              "3:47 interfaces[1].controller: 'br1' is a bridge and cannot be a port of the bridge 'br0'\n");
    EXPECT_EQ(said("- {name: br0, type: linux-bridge, bridge: {port: [{name: br1}]}}\n"
                   "- {name: br1, type: linux-bridge, bridge: {port: [{name: br0}]}}\n"),
              "2:58 interfaces[0].bridge.port[0].name: 'br1' is a bridge and cannot be a port of the bridge 'br0'\n"
              "3:58 interfaces[1].bridge.port[0].name: 'br0' is a bridge and cannot be a port of the bridge 'br1'\n");
}

TEST(StateLayersTest, CirclesAreNamed)
{
    EXPECT_EQ(said("- {name: br0, type: linux-bridge, bridge: {port: [{name: br0.5}]}}\n"
                   "- {name: br0.5, type: vlan, vlan: {base-iface: br0, id: 5}}\n"),
              "3:48 interfaces[1].vlan.base-iface: the links stand on one another in a circle: 'br0' needs 'br0.5' "
              "needs 'br0'\n");
    EXPECT_EQ(
        said("- {name: a, type: vlan, vlan: {base-iface: b, id: 5}}\n"
             "- {name: b, type: vlan, vlan: {base-iface: c, id: 5}}\n"
             "- {name: c, type: vxlan, vxlan: {base-iface: a, id: 5, remote: 192.0.2.1}}\n"),
        "4:46 interfaces[2].vxlan.base-iface: the links stand on one another in a circle: 'a' needs 'b' needs 'c' "
        "needs 'a'\n");
    EXPECT_EQ(said("- {name: a, type: vlan, vlan: {base-iface: b, id: 5}}\n"
                   "- {name: b, type: vlan, vlan: {base-iface: eth0, id: 5}}\n"
                   "- {name: br0, type: linux-bridge, bridge: {port: [{name: a}, {name: b}]}}\n"),
              "");
}

TEST(StateLayersTest, ALinkHasEachVlanOnce)
{
    EXPECT_EQ(said("- {name: a, type: vlan, vlan: {base-iface: eth0, id: 5}}\n"
                   "- {name: b, type: vlan, vlan: {base-iface: eth0, id: 5, protocol: 802.1q}}\n"),
              "3:54 interfaces[1].vlan.id: 'a' is VLAN 5 of 'eth0' already, in line 2\n");
    EXPECT_EQ(said("- {name: a, type: vlan, vlan: {base-iface: eth0, id: 5}}\n"
                   "- {name: b, type: vlan, vlan: {base-iface: eth0, id: 5, protocol: 802.1ad}}\n"
                   "- {name: c, type: vlan, vlan: {base-iface: eth1, id: 5}}\n"
                   "- {name: d, type: vlan, state: absent, vlan: {base-iface: eth0, id: 5}}\n"),
              "");
}

TEST(StateLayersTest, TheEndsOfACableNameEachOther)
{
    const std::string x1 = "- {name: x1, type: veth, veth: {peer: x2}}\n";
    EXPECT_EQ(said(x1 + "- {name: x2, type: veth, veth: {peer: x3}}\n"),
              "2:39 interfaces[0].veth.peer: the other end of 'x2' is 'x3', by line 3\n");
    EXPECT_EQ(said(x1 + "- {name: y, type: veth, veth: {peer: x2}}\n"),
              "3:38 interfaces[1].veth.peer: 'x2' is the other end of 'x1' already, in line 2\n");
    EXPECT_EQ(said(x1 + "- {name: x2, type: veth, veth: {peer: x1}}\n"), "");
    EXPECT_EQ(said(x1 + "- {name: x2, type: veth}\n"), "");
}

TEST(StateRulesTest, AnAddressStandsOnOneLink)
{
    const auto with = [](const std::string& name, const std::string& family, const std::string& address) {
        return "- {name: " + name + ", " + family + ": {address: [" + address + "]}}\n";
    };
    const std::string usual = "{ip: 192.0.2.1, prefix-length: 24}";
    EXPECT_EQ(said(with("a", "ipv4", usual) + with("b", "ipv4", usual)),
              "3:30 interfaces[1].ipv4.address[0]: 'a' has the address '192.0.2.1/24', too, by line 2\n");
    for (const auto& [family, address] : {std::pair{"ipv4", "{ip: 192.0.2.1, prefix-length: 32}"},
                                          std::pair{"ipv6", "{ip: \"2001:db8::1\", prefix-length: 128}"},
                                          std::pair{"ipv6", "{ip: \"fe80::1\", prefix-length: 64}"}}) {
        EXPECT_EQ(said(with("a", family, address) + with("b", family, address)), "") << address;
    }
    EXPECT_EQ(said(with("a", "ipv4", usual) + "- {name: b, state: absent, ipv4: {address: [" + usual + "]}}\n"), "");
}

TEST(StateNamesTest, ControlCharactersAreRefusedWhereTheyStand)
{
    const std::string cannot = "cannot use link name 'zz?y': it holds a character that cannot be shown\n";
    EXPECT_EQ(said("- {name: \"zz\\0y\"}\n"),
              "2:10 interfaces[0].name: cannot use link name 'zzy': it holds a character that cannot be shown\n");
    EXPECT_EQ(said("- {name: \"zz\\ay\"}\n"), "2:10 interfaces[0].name: " + cannot);
    EXPECT_EQ(said("- {name: a, controller: \"zz\\ay\"}\n"), "2:25 interfaces[0].controller: " + cannot);
    EXPECT_EQ(said("- {name: a, bridge: {port: [{name: \"zz\\ay\"}]}}\n"),
              "2:36 interfaces[0].bridge.port[0].name: " + cannot);
    EXPECT_EQ(said("- {name: a, veth: {peer: \"zz\\ay\"}}\n"), "2:26 interfaces[0].veth.peer: " + cannot);
    EXPECT_EQ(said("- {name: a, vlan: {id: 1, base-iface: \"zz\\ay\"}}\n"),
              "2:39 interfaces[0].vlan.base-iface: " + cannot);
    EXPECT_EQ(said("- {name: a, link-aggregation: {port: [\"zz\\ay\"]}}\n"),
              "2:39 interfaces[0].link-aggregation.port[0]: " + cannot);
    EXPECT_EQ(mistakes_in("routes:\n  config: [{destination: 0.0.0.0/0, next-hop-interface: \"zz\\ay\"}]\n"),
              "2:57 routes.config[0].next-hop-interface: " + cannot);
}

TEST(StateNamesTest, WhatIsProposedForALongNameIsFree)
{
    const auto reading = read_state("file",
                                    "interfaces:\n- {name: bridge-production-0}\n- {name: bridge-produc-0}\n"
                                    "- {name: bridge-production-1-0}\n");
    ASSERT_EQ(reading.mistakes.list().size(), 2U);
    EXPECT_EQ(reading.mistakes.list().at(0).hint, "a shorter one: bridge-produc-2");
    EXPECT_EQ(reading.mistakes.list().at(1).hint, "a shorter one: bridge-produc-3");
}

}  // namespace
}  // namespace kvmkit::net
