// SPDX-License-Identifier: Apache-2.0
#include "unit/net/doctor/patient.hpp"

#include <linux/rtnetlink.h>

namespace kvmkit::net {
namespace {

using Doctor = DoctorTest;

TEST_F(Doctor, FindsNothingWhereNothingIsWrong)
{
    Link& br0 = bridge("br0");
    NetworkOf::address(br0, "192.0.2.1/24");
    host_.port("eth0", "", "br0");
    host_.port("vnet0", "tun", "br0");
    EXPECT_TRUE(all().empty());
}

TEST_F(Doctor, TellsTheGravestFirst)
{
    bridge("br0");
    host_.port("eth0", "", "br0").mtu = 1400;
    facts("br0").address_assign_type = 1;
    host_.add("eth1");
    const auto findings = all();
    ASSERT_EQ(findings.size(), 3U);
    EXPECT_TRUE(std::ranges::is_sorted(findings, {}, &Finding::gravity));
    EXPECT_EQ(findings.front().id, "mtu.port");
}

TEST_F(Doctor, MacUnpinned)
{
    bridge("br0");
    host_.port("eth0", "", "br0");
    EXPECT_FALSE(found("bridge.mac-unpinned"));
    facts("br0").address_assign_type = 1;
    expect(
        "bridge.mac-unpinned", Gravity::risk, {"ip link set br0 address 52:54:00:00:00:01"}, {"net-setup persist br0"});
    facts("br0").address_assign_type = std::nullopt;
    expect("bridge.mac-unpinned", Gravity::unknown, {});
    host_.at("eth0").master = 0;
    EXPECT_FALSE(found("bridge.mac-unpinned")) << "nobody uses it";
}

TEST_F(Doctor, StpDelay)
{
    bridge("br0");
    host_.port("eth0", "", "br0");
    host_.port("vnet0", "tun", "br0");
    set(host_.at("br0").options, IFLA_BR_FORWARD_DELAY, 1500, 4);
    EXPECT_FALSE(found("bridge.stp-delay"));
    set(host_.at("br0").options, IFLA_BR_STP_STATE, 1, 4);
    expect("bridge.stp-delay", Gravity::risk, {"ip link set br0 type bridge stp_state 0"});
    host_.port("eth1", "", "br0");
    expect("bridge.stp-delay", Gravity::note, {});
    set(host_.at("br0").options, IFLA_BR_FORWARD_DELAY, 0, 4);
    EXPECT_FALSE(found("bridge.stp-delay"));
}

TEST_F(Doctor, PortThatForwardsNothing)
{
    bridge("br0");
    set(host_.port("eth0", "", "br0").port_options, IFLA_BRPORT_STATE, BR_STATE_FORWARDING, 1);
    EXPECT_FALSE(found("port.not-forwarding"));
    set(host_.at("eth0").port_options, IFLA_BRPORT_STATE, BR_STATE_LISTENING, 1);
    expect("port.not-forwarding", Gravity::fault, {"bridge link set dev eth0 state 3"}, {});
    set(host_.at("br0").options, IFLA_BR_STP_STATE, 1, 4);
    expect("port.not-forwarding",
           Gravity::fault,
           {"ip link set br0 type bridge stp_state 0", "bridge link set dev eth0 state 3"},
           {"net-setup persist br0"});
    host_.port("eth1", "", "br0");
    expect("port.not-forwarding", Gravity::risk, {});
    host_.at("eth0").carrier = false;
    EXPECT_FALSE(found("port.not-forwarding")) << "it has no cable";
}

TEST_F(Doctor, SnoopingWithoutQuerier)
{
    bridge("br0");
    host_.port("eth0", "", "br0");
    set(host_.at("br0").options, IFLA_BR_MCAST_SNOOPING, 1, 1);
    EXPECT_FALSE(found("bridge.snooping-no-querier")) << "one port alone has nobody to keep it from";
    host_.port("vnet0", "tun", "br0");
    expect("bridge.snooping-no-querier", Gravity::note, {"ip link set br0 type bridge mcast_snooping 0"});
    set(host_.at("br0").options, IFLA_BR_MCAST_QUERIER, 1, 1);
    EXPECT_FALSE(found("bridge.snooping-no-querier"));
    set(host_.at("br0").options, IFLA_BR_MCAST_QUERIER, 0, 1);
    host_.at("br0").options.push_back({IFLA_BR_MCAST_QUERIER_STATE, "heard"});
    EXPECT_FALSE(found("bridge.snooping-no-querier"));
}

TEST_F(Doctor, BridgeWithoutCarrier)
{
    NetworkOf::address(bridge("br0"), "192.0.2.1/24");
    EXPECT_FALSE(found("bridge.no-carrier"));
    host_.at("br0").carrier = false;
    expect("bridge.no-carrier", Gravity::note, {});
    host_.port("eth0", "", "br0").up = false;
    host_.port("eth1", "", "br0").carrier = false;
    expect("bridge.no-carrier", Gravity::risk, {"ip link set eth0 up"});
}

TEST_F(Doctor, Firewall)
{
    bridge("br0");
    told_.forward_policy = std::optional<std::string>{"drop"};
    told_.bridges_ask_iptables = told_.bridges_ask_ip6tables = true;
    EXPECT_FALSE(found("bridge.firewall")) << "a bridge without ports forwards nothing";
    host_.port("eth0", "", "br0");
    expect("bridge.firewall",
           Gravity::fault,
           {"sysctl -w net/bridge/bridge-nf-call-iptables=0", "sysctl -w net/bridge/bridge-nf-call-ip6tables=0"});
    EXPECT_TRUE(found("bridge.firewall")->keep.empty()) << "nobody would set it after the module was loaded";
    told_.systemd_sysctl = "/usr/lib/systemd/systemd-sysctl";
    const std::vector<std::string> keep{
        R"(sh -c 'mkdir -p /etc/sysctl.d && printf %s\\n net/bridge/bridge-nf-call-iptables=0 > )"
        "/etc/sysctl.d/zz-kvmkit-bridge-nf-call-iptables.conf'",
        R"(sh -c 'mkdir -p /etc/sysctl.d && printf %s\\n net/bridge/bridge-nf-call-ip6tables=0 > )"
        "/etc/sysctl.d/zz-kvmkit-bridge-nf-call-ip6tables.conf'",
        R"(sh -c 'mkdir -p /etc/udev/rules.d && printf %s\\n '\''ACTION=="add", SUBSYSTEM=="module", )"
        R"(KERNEL=="br_netfilter", RUN+="/usr/lib/systemd/systemd-sysctl --prefix=/net/bridge"'\'' > )"
        "/etc/udev/rules.d/90-kvmkit-br_netfilter.rules'"};
    EXPECT_EQ(found("bridge.firewall")->keep, keep);
    told_.bridges_ask_iptables = told_.bridges_ask_ip6tables = false;
    EXPECT_FALSE(found("bridge.firewall"));
    set(host_.at("br0").options, IFLA_BR_NF_CALL_IPTABLES, 1, 1);
    expect("bridge.firewall", Gravity::fault, {"ip link set br0 type bridge nf_call_iptables 0"});
    told_.forward_policy = std::optional<std::string>{"accept"};
    EXPECT_FALSE(found("bridge.firewall"));
    told_.firewalld_runs = true;
    expect("bridge.firewall", Gravity::risk, {"ip link set br0 type bridge nf_call_iptables 0"});
    told_.firewalld_runs = false;
    told_.forward_policy = Error{ErrorCode::permission, "only root may read the firewall's rules"};
    expect("bridge.firewall", Gravity::unknown, {});
    EXPECT_NE(found("bridge.firewall")->message.find("only root may read"), std::string::npos);
}

TEST_F(Doctor, AddressOnAPort)
{
    bridge("br0").up = false;
    Link& card = host_.port("eth0", "", "br0");
    NetworkOf::address(card, "fe80::1/64");
    EXPECT_FALSE(found("port.address"));
    NetworkOf::address(card, "192.0.2.9/24");
    host_.network().routes = {{.destination = Prefix::all(Family::ipv4),
                               .link = card.index,
                               .gateway = *IpAddress::parse("192.0.2.254"),
                               .metric = 100,
                               .table = RT_TABLE_MAIN}};
    expect("port.address",
           Gravity::fault,
           {"ip link set br0 up",
            "ip addr add 192.0.2.9/24 dev br0",
            "ip -4 route replace 0.0.0.0/0 via 192.0.2.254 dev br0 metric 100",
            "ip addr del 192.0.2.9/24 dev eth0"});
    host_.at("br0").up = true;
    NetworkOf::address(host_.at("br0"), "192.0.2.9/24");
    host_.network().routes.clear();
    expect("port.address", Gravity::fault, {"ip addr del 192.0.2.9/24 dev eth0"});
    host_.at("eth0").master = 0;
    EXPECT_FALSE(found("port.address"));
}

TEST_F(Doctor, Ipv6OnAPort)
{
    bridge("br0");
    Link& card = host_.port("eth0.7", "", "br0");
    EXPECT_FALSE(found("port.ipv6"));
    NetworkOf::address(card, "fe80::1/64");
    expect("port.ipv6", Gravity::note, {"sysctl -w net/ipv6/conf/eth0.7/disable_ipv6=1"});
    host_.at("eth0.7").kind = "tun";
    EXPECT_FALSE(found("port.ipv6")) << "a tap's own address says little";
}

TEST_F(Doctor, MtuOfPorts)
{
    bridge("br0");
    host_.port("eth0", "", "br0");
    EXPECT_FALSE(found("mtu.port") || found("mtu.bridge"));
    host_.at("eth0").mtu = 1400;
    expect("mtu.port", Gravity::fault, {"ip link set br0 mtu 1400"});
    host_.at("eth0").mtu = 9000;
    EXPECT_FALSE(found("mtu.bridge")) << "nobody but the bridge itself holds it down";
    host_.port("vnet0", "tun", "br0");
    expect("mtu.bridge", Gravity::note, {"ip link set vnet0 mtu 9000"}, {});
}

TEST_F(Doctor, MtuOfStackedLinks)
{
    NetworkOf::address(host_.add("eth0"), "192.0.2.1/24");
    host_.vlan("eth0.5", 5, "eth0");
    Link& tunnel = host_.add("vx5", "vxlan");
    tunnel.options = {number_option(IFLA_VXLAN_LINK, 1, 4)};
    tunnel.mtu = 1450;
    EXPECT_FALSE(found("mtu.stacked"));
    host_.at("vx5").mtu = 1500;
    expect("mtu.stacked", Gravity::fault, {"ip link set vx5 mtu 1450"});
    host_.at("vx5").mtu = 1450;
    host_.at("eth0.5").mtu = 1504;
    expect("mtu.stacked", Gravity::fault, {"ip link set eth0.5 mtu 1500"});
}

TEST_F(Doctor, BridgeOutsideTheVlanOnIt)
{
    Link& br0 = bridge("br0");
    br0.vlans = VlanMembership{*VlanSet::parse("1"), *VlanSet::parse("1"), VlanId{1}};
    NetworkOf::address(host_.vlan("br0.7", 7, "br0"), "192.0.2.1/24");
    EXPECT_FALSE(found("vlan.bridge-outside")) << "it filters no VLANs";
    set(host_.at("br0").options, IFLA_BR_VLAN_FILTERING, 1, 1);
    expect("vlan.bridge-outside", Gravity::fault, {"bridge vlan add dev br0 vid 7 self"});
    host_.at("br0").vlans->members.add(VlanId{7});
    EXPECT_FALSE(found("vlan.bridge-outside"));
}

TEST_F(Doctor, VlanOnAPort)
{
    bridge("br0");
    host_.port("eth0", "", "br0");
    NetworkOf::address(host_.vlan("eth0.7", 7, "eth0"), "192.0.2.1/24");
    EXPECT_FALSE(found("vlan.on-port"));
    set(host_.at("br0").options, IFLA_BR_VLAN_FILTERING, 1, 1);
    expect("vlan.on-port",
           Gravity::risk,
           {"bridge vlan add dev br0 vid 7 self",
            "ip link add link br0 name br0.7 type vlan id 7",
            "ip link set br0.7 up",
            "ip addr add 192.0.2.1/24 dev br0.7",
            "ip link del eth0.7"});
}

TEST_F(Doctor, HardwareVlanFilter)
{
    bridge("br0");
    host_.port("eth0", "", "br0").vlans = VlanMembership{*VlanSet::parse("2-4094")};
    set(host_.at("br0").options, IFLA_BR_VLAN_FILTERING, 1, 1);
    EXPECT_FALSE(found("vlan.hardware-filter")) << "nobody knows";
    facts("eth0").filters_vlans = true;
    expect("vlan.hardware-filter",
           Gravity::risk,
           {"ethtool -K eth0 rx-vlan-filter off"},
           {R"(sh -c 'mkdir -p /etc/udev/rules.d && printf %s\\n '\''ACTION=="add|move", SUBSYSTEM=="net", )"
            R"(KERNEL=="eth0", )"
            R"(RUN+="/usr/sbin/ethtool -K eth0 rx-vlan-filter off"'\'' > )"
            "/etc/udev/rules.d/90-kvmkit-eth0-vlan-filter.rules'"});
    host_.at("eth0").vlans = VlanMembership{*VlanSet::parse("2-10")};
    EXPECT_FALSE(found("vlan.hardware-filter"));
}

TEST_F(Doctor, QuotesNamesThatAShellWouldTakeApart)
{
    bridge("br;x");
    host_.port("e$(x)", "", "br;x").mtu = 1400;
    expect("mtu.port", Gravity::fault, {"ip link set 'br;x' mtu 1400"});
}

}  // namespace
}  // namespace kvmkit::net
