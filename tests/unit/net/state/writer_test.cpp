// SPDX-License-Identifier: Apache-2.0
#include "net/state/writer.hpp"

#include "net/planner/state_plan.hpp"
#include "net/state/emit.hpp"
#include "unit/net/state/reading.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

LinkName name(std::string_view text)
{
    return LinkName::from_kernel(text);
}

std::string written(const Network& network)
{
    std::vector<const Link*> links;
    for (const Link& link : network.links) {
        links.push_back(&link);
    }
    return write_state(network, links, Notation::yaml);
}

/// How many steps lead from a network to what was written of it.
std::size_t steps_left(const Network& network)
{
    const auto drafted = plan_state(network, wishes(written(network)), {MacAddress{{2, 0, 0, 0, 0, 1}}, 7});
    EXPECT_FALSE(drafted.complaint) << drafted.complaint->error.message << "\n" << written(network);
    return drafted.plan.size();
}

Link link(std::string_view text, int index, std::string kind)
{
    Link one{.name = name(text), .index = index, .kind = std::move(kind)};
    one.mac = MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(index)}};
    one.mtu = 1500;
    one.up = true;
    one.ethernet = true;
    return one;
}

VlanMembership membership(std::optional<VlanId> pvid, std::string_view tagged)
{
    VlanMembership vlans{.members = tagged.empty() ? VlanSet{} : *VlanSet::parse(tagged), .pvid = pvid};
    if (pvid) {
        vlans.members.add(*pvid);
        vlans.untagged.add(*pvid);
    }
    return vlans;
}

/// A bridge that filters VLANs, with a trunk and an access port; a VLAN on it; a bond; a switched-off card.
Network network_of_all()
{
    Link bridge = link("br0", 1, "bridge");
    bridge.options = {number_option(IFLA_BR_FORWARD_DELAY, 0, 4),
                      number_option(IFLA_BR_VLAN_FILTERING, 1, 1),
                      number_option(IFLA_BR_VLAN_DEFAULT_PVID, 1, 2)};
    bridge.vlans = membership(1, "30");
    Link trunk = link("bond0", 2, "bond");
    trunk.master = 1;
    trunk.options = {number_option(IFLA_BOND_MODE, 1, 1),
                     number_option(IFLA_BOND_MIIMON, 0, 4),
                     number_option(IFLA_BOND_UPDELAY, 0, 4),
                     number_option(IFLA_BOND_AD_LACP_RATE, 0, 1)};
    trunk.vlans = membership(1, "30,100-199");
    Link access = link("eth3", 3, "");
    access.master = 1;
    access.vlans = membership(30, "");
    Link vlan = link("br0.30", 4, "vlan");
    vlan.lower = 1;
    vlan.options = {number_option(IFLA_VLAN_ID, 30, 2),
                    {IFLA_VLAN_PROTOCOL, std::string("\x81\0", 2)},
                    {IFLA_VLAN_FLAGS, std::string("\1\0\0\0\xff\xff\xff\xff", 8)}};
    vlan.addresses = {*InterfaceAddress::parse("192.0.2.1/24"), *InterfaceAddress::parse("fe80::1/64")};
    vlan.ipv6 = false;
    Link port = link("eth1", 5, "");
    port.master = 2;
    Link off = link("eth9", 6, "");
    off.up = false;
    return {{bridge, trunk, access, vlan, port, off}, {}};
}

TEST(StateWriterTest, LinksThatThisKernelMayNotHaveAreWrittenToo)
{
    EXPECT_EQ(written(network_of_all()), R"(interfaces:
- name: bond0
  type: bond
  state: up
  mac-address: "02:00:00:00:00:02"
  mtu: 1500
  link-aggregation:
    mode: active-backup
    options:
      miimon: 0
    port:
    - eth1
- name: br0
  type: linux-bridge
  state: up
  mac-address: "02:00:00:00:00:01"
  mtu: 1500
  bridge:
    options:
      stp:
        forward-delay: 0
      vlan-filtering: true
      vlan-default-pvid: 1
    vlan:
      mode: trunk
      trunk-tags:
      - id: 30
      enable-native: true
      tag: 1
    port:
    - name: bond0
      vlan:
        mode: trunk
        trunk-tags:
        - id: 30
        - id-range:
            min: 100
            max: 199
        enable-native: true
        tag: 1
    - name: eth3
      vlan:
        mode: access
        tag: 30
  ipv4:
    enabled: false
  ipv6:
    enabled: true
    autoconf: true
    address: []
- name: br0.30
  type: vlan
  state: up
  mac-address: "02:00:00:00:00:04"
  mtu: 1500
  vlan:
    base-iface: br0
    id: 30
    protocol: 802.1q
    registration-protocol: none
    reorder-headers: true
    loose-binding: false
  ipv4:
    enabled: true
    address:
    - ip: 192.0.2.1
      prefix-length: 24
  ipv6:
    enabled: false
- name: eth1
  type: ethernet
  state: up
  mac-address: "02:00:00:00:00:05"
  mtu: 1500
- name: eth3
  type: ethernet
  state: up
  mac-address: "02:00:00:00:00:03"
  mtu: 1500
- name: eth9
  type: ethernet
  state: down
routes:
  config: []
)");
    EXPECT_EQ(steps_left(network_of_all()), 0U);
}

TEST(StateWriterTest, VlansThatTheSchemaCannotSayAreLeftAsTheyAre)
{
    Network network = network_of_all();
    network.links.at(2).vlans->untagged.add(VlanId{5});
    network.links.at(2).vlans->members.add(VlanId{5});
    EXPECT_NE(written(network).find("# eth3: its VLANs are left as they are"), std::string::npos) << written(network);
    EXPECT_EQ(steps_left(network), 0U);
    network.links.at(2).vlans = VlanMembership{};
    EXPECT_EQ(steps_left(network), 0U);
}

TEST(StateWriterTest, APortWithoutNativeVlanIsWrittenWhereThatIsTheDefault)
{
    Network network = network_of_all();
    network.links.at(0).options.back() = number_option(IFLA_BR_VLAN_DEFAULT_PVID, 0, 2);
    network.links.at(2).vlans = membership(std::nullopt, "7");
    EXPECT_NE(
        written(network).find("- name: eth3\n      vlan:\n        mode: trunk\n        trunk-tags:\n        - id: 7\n"),
        std::string::npos)
        << written(network);
    EXPECT_EQ(steps_left(network), 0U);
}

TEST(StateWriterTest, RoutesThatComeByThemselvesAreLeftOut)
{
    Network network = network_of_all();
    const auto route = [](std::string_view destination, std::uint8_t protocol) {
        Route one{.destination = *Prefix::parse(destination)};
        one.link = 4;
        one.table = RT_TABLE_MAIN;
        one.protocol = protocol;
        one.type = RTN_UNICAST;
        return one;
    };
    network.routes = {
        route("10.1.0.0/16", RTPROT_BOOT), route("10.2.0.0/16", RTPROT_DHCP), route("10.3.0.0/16", RTPROT_RA)};
    for (const unsigned weight : {2U, 5U}) {
        network.routes.push_back(route("10.4.0.0/16", RTPROT_STATIC));
        network.routes.back().gateway = *IpAddress::parse(weight == 2 ? "192.0.2.7" : "192.0.2.8");
        network.routes.back().shared = true;
        network.routes.back().weight = weight;
    }
    network.routes.push_back(route("10.5.0.0/16", RTPROT_STATIC));
    network.routes.back().shared = true;
    network.routes.push_back(network.routes.back());
    network.routes.back().link = 999;
    const auto text = written(network);
    EXPECT_NE(text.find("- destination: 10.1.0.0/16\n    next-hop-interface: br0.30\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("- destination: 10.2"), std::string::npos) << text;
    EXPECT_EQ(text.find("- destination: 10.3"), std::string::npos) << text;
    EXPECT_NE(text.find("next-hop-address: 192.0.2.8\n    weight: 5\n"), std::string::npos) << text;
    EXPECT_NE(text.find("# the route to 10.5.0.0/16 has ways through other links, and is left out"), std::string::npos)
        << text;
    EXPECT_EQ(text.find("- destination: 10.5"), std::string::npos) << text;
    EXPECT_EQ(steps_left(network), 0U);
}

TEST(StateWriterTest, WhatARouteOrAnAddressLosesIsSaid)
{
    auto card = link("eth0", 2, "");
    card.addresses = {*InterfaceAddress::parse("192.0.2.1/24"), *InterfaceAddress::parse("192.0.2.2/24")};
    card.leased = {card.addresses.back()};
    const Route route{.destination = *Prefix::parse("10.0.0.0/8"),
                      .link = 2,
                      .table = RT_TABLE_MAIN,
                      .protocol = RTPROT_BOOT,
                      .type = RTN_UNICAST,
                      .has_metrics = true};
    const auto text = written({{card}, {route}});
    EXPECT_NE(text.find("# eth0: the lifetime of 192.0.2.2/24 is not listed"), std::string::npos) << text;
    EXPECT_EQ(text.find("192.0.2.1/24"), std::string::npos) << text;
    EXPECT_NE(text.find("# the route to 10.0.0.0/8 has an MTU"), std::string::npos) << text;
    card.leased.clear();
    EXPECT_EQ(written({{card}, {}}).substr(0, 1), "i");
}

TEST(StateWriterTest, WordsThatLookLikeSomethingElseAreQuoted)
{
    const auto quoted = [](const char* text) { return to_yaml({{"k", text}}) == "k: \"" + std::string{text} + "\"\n"; };
    for (const char* text : {"0100", "1e3", "0x1f", "yes", "null", "", "-a", "a b", "a: b", "#a", "1.5", "12:34"}) {
        EXPECT_TRUE(quoted(text)) << text;
    }
    for (const char* text : {"eth0", "br0.30", "192.0.2.1", "192.0.2.0/24", "active-backup", "802.1q"}) {
        EXPECT_FALSE(quoted(text)) << text;
    }
}

}  // namespace
}  // namespace kvmkit::net
