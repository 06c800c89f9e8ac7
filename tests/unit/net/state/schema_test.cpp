// SPDX-License-Identifier: Apache-2.0
#include "unit/net/state/reading.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>

namespace kvmkit::net {
namespace {

std::optional<std::uint64_t> number(const LinkOptions& options, std::uint16_t type)
{
    const LinkOption* option = find(options, type);
    return option != nullptr ? option_number(*option) : std::nullopt;
}

TEST(StateSchemaTest, ABridgeWithItsPortsVlansAndOptions)
{
    const auto network = wishes(R"(
interfaces:
- name: br0
  type: linux-bridge
  state: up
  mac-address: 52:54:00:AB:CD:EF
  mtu: 0x5dc
  move-ip-from: auto
  bridge:
    options:
      gc-timer: 3
      group-fwd-mask: 8
      mac-ageing-time: 300
      stp: {enabled: off, forward-delay: 0, priority: 0x1000}
    ports-policy: exact
    vlan: {mode: access, tag: 1}
    ports:
    - name: eth1
      hairpin: yes
      isolated: true
      vlan:
        mode: trunk
        tag: 100
        enable-native: true
        trunk-tags: [{id: 101}, {id-range: {min: 500, max: 599}}]
)");
    const DesiredInterface& bridge = network.interfaces.at(0);
    EXPECT_EQ(bridge.name.str(), "br0");
    EXPECT_EQ(bridge.kind, "bridge");
    EXPECT_EQ(bridge.mac->str(), "52:54:00:ab:cd:ef");
    EXPECT_EQ(bridge.mtu, 1500U);
    EXPECT_EQ(bridge.moves_ip_from->str(), "eth1");
    EXPECT_FALSE(bridge.keep_foreign_ports);
    EXPECT_EQ(bridge.own_vlans, (DesiredVlans{.native = 1}));
    EXPECT_EQ(number(bridge.options, IFLA_BR_GROUP_FWD_MASK), 8U);
    EXPECT_EQ(number(bridge.options, IFLA_BR_STP_STATE), 0U);
    EXPECT_EQ(number(bridge.options, IFLA_BR_PRIORITY), 4096U);
    EXPECT_EQ(number(bridge.options, IFLA_BR_AGEING_TIME), 30000U);
    EXPECT_EQ(number(bridge.options, IFLA_BR_VLAN_FILTERING), 1U);  // a port has VLANs
    const DesiredPort& port = bridge.ports->at(0);
    EXPECT_EQ(port.path, "interfaces[0].bridge.ports[0]");
    EXPECT_EQ(number(port.options, IFLA_BRPORT_MODE), 1U);
    EXPECT_EQ(number(port.options, IFLA_BRPORT_ISOLATED), 1U);
    EXPECT_EQ(port.vlans->native, VlanId{100});
    EXPECT_EQ(port.vlans->tagged.str(), "101,500-599");
}

TEST(StateSchemaTest, FilteringIsImpliedByVlansAndNeverOverWhatIsWritten)
{
    const auto filtering = [](const std::string& options, const std::string& vlan) {
        const auto network = wishes("interfaces:\n- name: br0\n  type: linux-bridge\n  bridge:\n    options: {" +
                                    options + "}\n    port: [{name: eth1" + vlan + "}]\n");
        return number(network.interfaces.at(0).options, IFLA_BR_VLAN_FILTERING);
    };
    EXPECT_EQ(filtering("", ""), std::nullopt);
    EXPECT_EQ(filtering("", ", vlan: {}"), std::nullopt);
    EXPECT_EQ(filtering("", ", vlan: {mode: access, tag: 5}"), 1U);
    EXPECT_EQ(filtering("vlan-filtering: true", ""), 1U);
    EXPECT_EQ(filtering("vlan-filtering: false", ", vlan: {mode: access, tag: 5}"), 0U);
}

TEST(StateSchemaTest, AnEmptyVlanResetsAPortAndNoneKeepsIt)
{
    const auto ports = *wishes(
                            "interfaces:\n- {name: br0, type: linux-bridge, bridge: {port: [{name: a, vlan: {}}, "
                            "{name: b}, {name: c, vlan: }]}}\n")
                            .interfaces.at(0)
                            .ports;
    EXPECT_EQ(ports.at(0).vlans, DesiredVlans{});
    EXPECT_FALSE(ports.at(1).vlans);
    EXPECT_FALSE(ports.at(2).vlans);
}

TEST(StateSchemaTest, BondsVlansVethsDummiesAndVxlans)
{
    const auto network = wishes(R"(
interfaces:
- name: bond0
  type: bond
  link-aggregation:
    options: {miimon: 140, num_unsol_na: 3}
    mode: 1
    port: [eth1, eth2]
    ports-config: [{name: eth1, queue-id: 0}]
- {name: eth1.5, type: vlan, vlan: {base-iface: bond0, id: 5, protocol: 802.1ad, reorder-headers: false}}
- {name: v0, type: veth, veth: {peer: v1}}
- {name: v1, type: ethernet, veth: {peer: v0}}
- {name: d0, type: dummy, state: absent}
- {name: x5, type: vxlan, vxlan: {base-iface: d1, id: 5, remote: "2001:db8::1", destination-port: 8472, learning: no}}
)");
    const auto& all = network.interfaces;
    ASSERT_EQ(all.size(), 6U);
    EXPECT_EQ(all[0].kind, "bond");
    EXPECT_EQ(all[0].options.front(), number_option(IFLA_BOND_MODE, 1, 1));  // the kernel judges the others by it
    EXPECT_EQ(number(all[0].options, IFLA_BOND_NUM_PEER_NOTIF), 3U);
    EXPECT_EQ(all[0].ports->at(1).name.str(), "eth2");
    EXPECT_EQ(all[1].lower->str(), "bond0");
    EXPECT_EQ(number(all[1].options, IFLA_VLAN_ID), 5U);
    EXPECT_EQ(all[2].peer->str(), "v1");
    EXPECT_EQ(all[3].kind, "veth");
    EXPECT_EQ(all[4].state, DesiredState::absent);
    EXPECT_EQ(find(all[5].options, IFLA_VXLAN_GROUP6)->bytes.size(), 16U);
    EXPECT_EQ(find(all[5].options, IFLA_VXLAN_PORT)->bytes, std::string("\x21\x18", 2));
}

TEST(StateSchemaTest, AddressesRoutesAndResolver)
{
    const auto network = wishes(R"(
interfaces:
- name: eth1
  state: up
  driver: e1000e
  ipv4: {enabled: true, address: [{ip: 192.0.2.1, prefix-length: 24}], dhcp: false}
  ipv6:
    enabled: true
    autoconf: true
    address:
    - {ip: "2001:db8::1", prefix-length: 64}
    - {ip: "2001:db8::2", prefix-length: 64, valid-life-time: 3600sec, preferred-life-time: 60sec}
- {name: eth2, ipv4: {address: []}}
routes:
  running: [{anything: 1}]
  config:
  - {destination: 0.0.0.0/0, next-hop-address: 192.0.2.254, next-hop-interface: eth1, metric: -1, table-id: 0}
  - {destination: "::/0", next-hop-address: "", next-hop-interface: eth1, metric: 5, table-id: 100}
  - {destination: 203.0.113.0/24, route-type: blackhole}
  - {state: absent, next-hop-interface: eth1}
dns-resolver:
  running: {}
  config: {server: [192.0.2.53, "fe80::1%eth1"], search: [example.org], options: [rotate]}
)");
    const auto& eth1 = network.interfaces.at(0);
    EXPECT_FALSE(eth1.kind);
    EXPECT_EQ(eth1.ipv4.addresses->at(0).str(), "192.0.2.1/24");
    EXPECT_EQ(eth1.ipv4.dhcp, false);
    EXPECT_EQ(eth1.ipv6.addresses->size(), 1U);  // the other one came by itself
    EXPECT_TRUE(network.interfaces.at(1).ipv4.addresses->empty());
    EXPECT_FALSE(network.interfaces.at(1).ipv6.addresses);
    const auto& routes = network.routes;
    EXPECT_EQ(routes.at(0).gateway->str(), "192.0.2.254");
    EXPECT_FALSE(routes.at(0).metric);
    EXPECT_EQ(routes.at(0).table, RT_TABLE_MAIN);
    EXPECT_FALSE(routes.at(1).gateway);
    EXPECT_EQ(routes.at(1).table, 100U);
    EXPECT_EQ(routes.at(2).type, RTN_BLACKHOLE);
    EXPECT_TRUE(routes.at(3).absent);
    EXPECT_EQ(network.resolver->servers.at(1), "fe80::1%eth1");
}

TEST(StateSchemaTest, WhatAnIgnoredInterfaceHasIsNotLookedAt)
{
    const auto network = wishes("interfaces:\n- {name: wg0, type: wireguard, state: ignore, wireguard: {key: x}}\n");
    EXPECT_EQ(network.interfaces.at(0).state, DesiredState::ignore);
    EXPECT_EQ(network.interfaces.at(0).name.str(), "wg0");
}

TEST(StateSchemaTest, TheKernelsOwnLimitsAreToldAndTaken)
{
    const auto reading =
        read_state("file", "interfaces:\n- {name: a, bridge: {options: {multicast-query-interval: 99}}}\n");
    ASSERT_EQ(reading.mistakes.list().size(), 1U);
    EXPECT_EQ(reading.mistakes.list().front().hint, "give a number from 100 to 8640000, of 1/100 s");
    for (const auto* last : {"00", "04", "0f"}) {
        (void)wishes(
            std::string{"interfaces:\n- {name: a, bridge: {options: {multicast-query-interval: 100, group-addr: "
                        "\"01:80:c2:00:00:"} +
            last + "\"}}}\n");
    }
}

TEST(StateSchemaTest, WhoAsksTheFileToPersistIsSentToTheCommand)
{
    const auto reading = read_state("file", "persist: auto\ninterfaces: []\n");
    ASSERT_EQ(reading.mistakes.list().size(), 1U);
    EXPECT_NE(reading.mistakes.list().front().hint.find("'net-setup apply --persist'"), std::string::npos);
}

TEST(StateSchemaTest, WhatIsOffMayBeSaid)
{
    EXPECT_EQ(mistakes_in("interfaces:\n- name: eth1\n  lldp: {enabled: false}\n  mptcp: {address-flags: []}\n"
                          "  accept-all-mac-addresses: false\n  wait-ip: any\n  ovs-db: {external_ids: {}}\n"
                          "  identifier: name\nroute-rules: {config: []}\n"),
              "");
    EXPECT_EQ(mistakes_in("interfaces:\n- name: eth1\n  lldp: {enabled: true}\n"),
              "3:3 interfaces[0].lldp: 'lldp' is not supported\n");
}

/// A key that makes a mistake, and what is said of it.
struct Wrong {
    const char* text;
    const char* said;
};

class StateMistakesTest : public testing::TestWithParam<Wrong> {};

TEST_P(StateMistakesTest, IsTold)
{
    EXPECT_EQ(mistakes_in(std::string{"interfaces:\n- "} + GetParam().text + "\n"), GetParam().said);
}

INSTANTIATE_TEST_SUITE_P(
    OfInterfaces,
    StateMistakesTest,
    testing::Values(
        Wrong{"{name: a, type: bridge}", "2:19 interfaces[0].type: type 'bridge' is not supported\n"},
        Wrong{"{name: a, type: brdge}", "2:19 interfaces[0].type: 'brdge' is no type of an interface\n"},
        Wrong{"{name: a, state: on}", "2:20 interfaces[0].state: 'on' is no state of an interface\n"},
        Wrong{"{name: a, mac-address: 01:00:5e:00:00:01}",
              "2:26 interfaces[0].mac-address: '01:00:5e:00:00:01' is no address of one link\n"},
        Wrong{"{name: a, mtu: 67}", "2:18 interfaces[0].mtu: '67' is no number that fits here\n"},
        Wrong{"{name: a, controller: b/c}",
              "2:25 interfaces[0].controller: cannot use link name 'b/c': it is empty or holds a character that links "
              "cannot have\n"},
        Wrong{"{name: a, identifier: mac-address}",
              "2:25 interfaces[0].identifier: 'identifier: mac-address' is not supported\n"},
        Wrong{"{name: a, wait-ip: ipv4}", "2:22 interfaces[0].wait-ip: 'wait-ip: ipv4' is not supported\n"},
        Wrong{"{name: a, type: linux-bridge, move-ip-from: auto}",
              "2:47 interfaces[0].move-ip-from: 'auto' needs exactly one port\n"},
        Wrong{"{name: a, bridge: {}, vlan: {id: 1}}", "2:25 interfaces[0].vlan: the sections are those of two types\n"},
        Wrong{"{name: a, vlan: {base-iface: a, id: 1}}",
              "2:32 interfaces[0].vlan.base-iface: a VLAN cannot stand on itself\n"},
        Wrong{"{name: a, vlan: {id: 4095}}", "2:24 interfaces[0].vlan.id: '4095' is no number that fits here\n"},
        Wrong{"{name: a, veth: {peer: a}}", "2:26 interfaces[0].veth.peer: a veth cannot be its own peer\n"},
        Wrong{"{name: a, vxlan: {id: 1, local: 192.0.2.1, remote: \"::1\"}}",
              "2:54 interfaces[0].vxlan.remote: 'local' and 'remote' are of different IP families\n"},
        Wrong{"{name: a, ipv4: {enabled: false, dhcp: true}}",
              "2:42 interfaces[0].ipv4.dhcp: 'dhcp: true' is wished, and 'enabled: false', too\n"},
        Wrong{"{name: a, ipv4: {address: [{ip: \"::1\", prefix-length: 1}]}}",
              "2:35 interfaces[0].ipv4.address[0].ip: '::1' is no IPv4 address\n"},
        Wrong{"{name: a, ipv4: {address: [{ip: 192.0.2.1}]}}",
              "2:30 interfaces[0].ipv4.address[0]: the address has no 'prefix-length'\n"},
        Wrong{"{name: a, ipv4: {autoconf: true}}", "2:20 interfaces[0].ipv4.autoconf: IPv4 has no 'autoconf'\n"},
        Wrong{"{name: a, ipv4: {auto-dns: false}}",
              "2:30 interfaces[0].ipv4.auto-dns: 'auto-dns: false' is not supported\n"},
        Wrong{"{name: a, ipv6: {dhcp-duid: ll}}", "2:20 interfaces[0].ipv6.dhcp-duid: 'dhcp-duid' is not supported\n"},
        Wrong{"{name: a, ipv4: [1]}",
              "2:19 interfaces[0].ipv4: a map of keys is expected here, and a list stands here\n"}));

INSTANTIATE_TEST_SUITE_P(
    OfBridges,
    StateMistakesTest,
    testing::Values(
        Wrong{"{name: a, bridge: {ports-policy: none}}",
              "2:36 interfaces[0].bridge.ports-policy: 'none' is no policy for ports\n"},
        Wrong{"{name: a, bridge: {port: [], ports: []}}",
              "2:32 interfaces[0].bridge.ports: 'port' and 'ports' are one key, and both are given\n"},
        Wrong{"{name: a, bridge: {port: [{stp-priority: 1}]}}",
              "2:29 interfaces[0].bridge.port[0]: the port has no 'name'\n"},
        Wrong{"{name: a, bridge: {port: [{name: a}]}}",
              "2:36 interfaces[0].bridge.port[0].name: 'a' cannot be a port of itself\n"},
        Wrong{"{name: a, bridge: {port: [{name: b}, {name: b}]}}",
              "2:47 interfaces[0].bridge.port[1].name: the port 'b' stands twice: in line 2, too\n"},
        Wrong{"{name: a, bridge: {options: {stp: {enabled: true, forward-delay: 1}}}}",
              "2:68 interfaces[0].bridge.options.stp.forward-delay: with spanning tree on, the kernel takes no such "
              "forward delay\n"},
        Wrong{"{name: a, bridge: {options: {group-forward-mask: 3}}}",
              "2:52 interfaces[0].bridge.options.group-forward-mask: the kernel forwards no frames of the bits 0x7\n"},
        Wrong{"{name: a, bridge: {options: {multicast-query-interval: 1}}}",
              "2:58 interfaces[0].bridge.options.multicast-query-interval: '1' is no number that fits here\n"},
        Wrong{"{name: a, bridge: {options: {multicast-startup-query-interval: 99}}}",
              "2:66 interfaces[0].bridge.options.multicast-startup-query-interval: '99' is no number that fits here\n"},
        Wrong{"{name: a, bridge: {options: {group-addr: \"01:80:c2:00:00:01\"}}}",
              "2:44 interfaces[0].bridge.options.group-addr: '01:80:c2:00:00:01' is no group address of a bridge\n"},
        Wrong{"{name: a, bridge: {options: {group-addr: \"01:80:c2:00:00:10\"}}}",
              "2:44 interfaces[0].bridge.options.group-addr: '01:80:c2:00:00:10' is no group address of a bridge\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: hybrid, tag: 1}}}",
              "2:35 interfaces[0].bridge.vlan.mode: 'hybrid' is no mode of a port\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: access, tag: 1, trunk-tags: [{id: 2}]}}}",
              "2:51 interfaces[0].bridge.vlan.trunk-tags: 'trunk-tags' have no meaning in mode access\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: access, tag: 1, enable-native: true}}}",
              "2:51 interfaces[0].bridge.vlan.enable-native: 'enable-native' has no meaning in mode access\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: trunk}}}",
              "2:28 interfaces[0].bridge.vlan: a trunk needs the VLANs that it carries\n"},
        Wrong{"{name: a, bridge: {vlan: {trunk-tags: [{id: 2}]}}}",
              "2:28 interfaces[0].bridge.vlan: 'trunk-tags' are given, and no 'mode'\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: trunk, enable-native: true, trunk-tags: [{id: 2}]}}}",
              "2:42 interfaces[0].bridge.vlan.enable-native: 'enable-native' needs to know the VLAN\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: trunk, enable-native: true, tag: 2, trunk-tags: [{id: 2}]}}}",
              "2:68 interfaces[0].bridge.vlan.tag: the native VLAN 2 stands in 'trunk-tags', too\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: trunk, trunk-tags: [5]}}}",
              "2:55 interfaces[0].bridge.vlan.trunk-tags[0]: a tag is expected here\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: trunk, trunk-tags: [{id-range: {min: 9, max: 3}}]}}}",
              "2:55 interfaces[0].bridge.vlan.trunk-tags[0]: the range from 9 to 3 is empty\n"},
        Wrong{"{name: a, bridge: {vlan: {mode: trunk, trunk-tags: [{id-range: {min: 9}}]}}}",
              "2:55 interfaces[0].bridge.vlan.trunk-tags[0]: the range has no 'max'\n"}));

INSTANTIATE_TEST_SUITE_P(
    OfBonds,
    StateMistakesTest,
    testing::Values(
        Wrong{"{name: a, link-aggregation: {mode: lacp}}",
              "2:38 interfaces[0].link-aggregation.mode: 'lacp' is no known word here\n"},
        Wrong{"{name: a, link-aggregation: {mode: 1, options: {lacp_rate: fast}}}",
              "2:51 interfaces[0].link-aggregation.options.lacp_rate: 'lacp_rate' does not go with mode "
              "active-backup\n"},
        Wrong{"{name: a, link-aggregation: {options: {arp_interval: 5, miimon: 5, arp_ip_target: 192.0.2.1}}}",
              "2:42 interfaces[0].link-aggregation.options.arp_interval: 'arp_interval' and 'miimon' exclude each "
              "other\n"},
        Wrong{"{name: a, link-aggregation: {options: {arp_interval: 5}}}",
              "2:42 interfaces[0].link-aggregation.options.arp_interval: 'arp_interval' needs addresses to ask for\n"},
        Wrong{"{name: a, link-aggregation: {options: {primary: eth1}}}",
              "2:42 interfaces[0].link-aggregation.options.primary: 'primary' is not supported\n"},
        Wrong{"{name: a, link-aggregation: {slaves: [b]}}",
              "2:32 interfaces[0].link-aggregation.slaves: 'slaves' is not supported\n"}));

TEST(StateRulesTest, InterfacesAreJudgedTogether)
{
    EXPECT_EQ(mistakes_in("interfaces:\n- {name: br0, bridge: {port: [{name: p}]}}\n- {name: p, controller: br1}\n"),
              "3:25 interfaces[1].controller: line 2 makes 'p' a port of 'br0'\n");
    EXPECT_EQ(mistakes_in("interfaces:\n- {name: p, controller: br1, ipv6: {enabled: true}}\n"),
              "2:30 interfaces[0].ipv6: 'p' is a port of 'br1' and cannot have addresses\n");
    EXPECT_EQ(mistakes_in("interfaces:\n- {name: p, mtu: 1279, ipv6: {enabled: true}}\n"),
              "2:18 interfaces[0].mtu: IPv6 needs an MTU of at least 1280\n");
    EXPECT_EQ(mistakes_in("interfaces:\n- {name: p, mtu: 1279, ipv6: {enabled: false}}\n"), "");
    EXPECT_EQ(mistakes_in("interfaces:\n- {name: b, state: absent, bridge: {port: [{name: p}]}}\n"
                          "- {name: c, bridge: {port: [{name: p}]}}\n"),
              "");
}

TEST(StateRulesTest, RoutesNameAWayThatFits)
{
    const auto route = [](const std::string& keys) { return mistakes_in("routes:\n  config:\n  - {" + keys + "}\n"); };
    EXPECT_EQ(route("next-hop-interface: a"), "3:5 routes.config[0]: the route has no 'destination'\n");
    EXPECT_EQ(route("destination: 0.0.0.0/0"), "3:5 routes.config[0]: the route has no 'next-hop-interface'\n");
    EXPECT_EQ(route("destination: \"::/0\", next-hop-interface: a, next-hop-address: 192.0.2.1"),
              "3:68 routes.config[0].next-hop-address: an IPv6 route leads through an IPv6 address\n");
    EXPECT_EQ(route("destination: 0.0.0.0/0, next-hop-interface: a, next-hop-address: \"fe80::1\""), "");
    EXPECT_EQ(route("destination: 0.0.0.0/0, next-hop-interface: a, source: \"2001:db8::1\""),
              "3:61 routes.config[0].source: it is of another IP family than the destination\n");
    EXPECT_EQ(route("destination: 192.0.2.0/24, route-type: blackhole, next-hop-interface: a"),
              "3:33 routes.config[0].route-type: a route of this type leads nowhere, and a next hop is given\n");
    EXPECT_EQ(route("destination: 192.0.2.0/24, route-type: loop"),
              "3:45 routes.config[0].route-type: 'loop' is no type of a route\n");
    EXPECT_EQ(route("state: gone, destination: 192.0.2.0/24, next-hop-interface: a"),
              "3:13 routes.config[0].state: 'gone' is no state of a route\n");
    EXPECT_EQ(mistakes_in("dns-resolver:\n  config:\n    server: [resolver]\n"),
              "3:14 dns-resolver.config.server[0]: 'resolver' is no IP address\n");
}

}  // namespace
}  // namespace kvmkit::net
