// SPDX-License-Identifier: Apache-2.0
#include "unit/net/doctor/patient.hpp"

namespace kvmkit::net {
namespace {

using DoctorOfHosts = DoctorTest;

TEST_F(DoctorOfHosts, ReversePathFilter)
{
    NetworkOf::address(host_.add("eth0"), "192.0.2.1/24");
    NetworkOf::address(host_.add("eth1"), "192.0.2.2/24");
    EXPECT_FALSE(found("host.rp-filter"));
    facts("eth1").rp_filter = 1;
    expect("host.rp-filter",
           Gravity::risk,
           {"sysctl -w net/ipv4/conf/eth1/rp_filter=2"},
           {R"(sh -c 'mkdir -p /etc/sysctl.d && printf %s\\n net/ipv4/conf/eth1/rp_filter=2 > )"
            "/etc/sysctl.d/zz-kvmkit-eth1-rp_filter.conf'"});
    facts("eth1").rp_filter = 2;
    told_.rp_filter_of_all = 1;
    expect("host.rp-filter", Gravity::risk, {"sysctl -w net/ipv4/conf/eth0/rp_filter=2"});
    told_.rp_filter_of_all = 2;
    EXPECT_FALSE(found("host.rp-filter"));
    told_.rp_filter_of_all = 1;
    host_.at("eth0").addresses.clear();
    EXPECT_FALSE(found("host.rp-filter")) << "one link alone in its network";
}

TEST_F(DoctorOfHosts, Forwarding)
{
    host_.add("eth0").routes = {"default"};
    NetworkOf::address(host_.at("eth0"), "192.0.2.1/24");
    NetworkOf::address(bridge("br0"), "198.51.100.1/24");
    host_.port("vnet0", "tun", "br0");
    EXPECT_FALSE(found("host.ip-forward")) << "nobody knows";
    told_.forwards_ipv4 = false;
    expect("host.ip-forward", Gravity::note, {"sysctl -w net/ipv4/ip_forward=1"});
    host_.port("eth1", "", "br0");
    EXPECT_FALSE(found("host.ip-forward")) << "the bridge has a way out of its own";
    host_.at("eth1").master = 0;
    told_.forwards_ipv4 = true;
    EXPECT_FALSE(found("host.ip-forward"));
}

TEST_F(DoctorOfHosts, SameMac)
{
    NetworkOf::address(host_.add("eth0"), "192.0.2.1/24");
    NetworkOf::address(host_.add("eth1"), "198.51.100.1/24");
    EXPECT_FALSE(found("link.same-mac"));
    host_.at("eth1").mac = host_.at("eth0").mac;
    expect("link.same-mac",
           Gravity::risk,
           {"ip link set eth1 address 52:54:00:00:a5:03"},
           {R"(sh -c 'mkdir -p /etc/udev/rules.d && printf %s\\n '\''ACTION=="add|move", SUBSYSTEM=="net", )"
            R"(KERNEL=="eth1", )"
            R"(RUN+="/usr/sbin/ip link set eth1 address 52:54:00:00:a5:03"'\'' > )"
            "/etc/udev/rules.d/90-kvmkit-eth1-mac.rules'"});
    host_.add("bond0", "bond");
    host_.at("eth0").master = host_.at("eth1").master = host_.at("bond0").index;
    host_.at("bond0").mac = host_.at("eth0").mac;
    EXPECT_FALSE(found("link.same-mac")) << "a bond gives its MAC to its cards";
}

TEST_F(DoctorOfHosts, SameAddress)
{
    NetworkOf::address(host_.add("eth0"), "192.0.2.1/24");
    NetworkOf::address(host_.add("eth1"), "192.0.2.2/24");
    EXPECT_FALSE(found("link.same-address"));
    NetworkOf::address(host_.at("eth1"), "192.0.2.1/32");
    expect("link.same-address", Gravity::fault, {"ip addr del 192.0.2.1/32 dev eth1"}, {"net-setup persist eth1"});
    NetworkOf::address(host_.at("eth0"), "fe80::1/64");
    NetworkOf::address(host_.at("eth1"), "fe80::1/64");
    EXPECT_TRUE(found("link.same-address")) << "and link-local ones are no trouble";
}

TEST_F(DoctorOfHosts, LongName)
{
    NetworkOf::address(host_.add("enp130s0f1"), "192.0.2.1/24");
    EXPECT_FALSE(found("link.long-name"));
    NetworkOf::address(host_.add("eno33557248"), "198.51.100.1/24");
    expect("link.long-name", Gravity::note, {});
    host_.at("eno33557248").kind = "tun";
    EXPECT_FALSE(found("link.long-name"));
}

TEST_F(DoctorOfHosts, Wifi)
{
    NetworkOf::address(host_.add("wlan0"), "192.0.2.1/24");
    EXPECT_FALSE(found("link.wifi"));
    host_.at("wlan0").wireless = true;
    expect("link.wifi",
           Gravity::note,
           {"net-setup bridge add br0 --address 192.168.100.1/24", "sysctl -w net/ipv4/ip_forward=1"},
           {"net-setup persist br0",
            R"(sh -c 'mkdir -p /etc/sysctl.d && printf %s\\n net/ipv4/ip_forward=1 > )"
            "/etc/sysctl.d/zz-kvmkit-ip_forward.conf'"});
    NetworkOf::address(bridge("br0"), "192.168.100.9/23");
    EXPECT_EQ(found("link.wifi")->commands.front(), "net-setup bridge add br1 --address 192.168.102.1/24");
    NetworkOf::address(host_.at("wlan0"), "192.168.102.130/25");
    EXPECT_EQ(found("link.wifi")->commands.front(), "net-setup bridge add br1 --address 192.168.103.1/24");
    host_.network().routes.push_back({.destination = *Prefix::parse("192.168.103.0/28")});
    EXPECT_EQ(found("link.wifi")->commands.front(), "net-setup bridge add br1 --address 192.168.104.1/24");
    host_.network().routes.push_back({.destination = *Prefix::parse("192.168.0.0/16")});
    host_.network().routes.push_back({.destination = Prefix::all(Family::ipv4)});
    EXPECT_EQ(found("link.wifi")->commands.front(), "net-setup bridge add br1 --address 172.30.100.1/24");
    host_.add("wlan1").wireless = true;
    const auto findings = all();
    EXPECT_TRUE(std::ranges::any_of(findings, [](const Finding& finding) {
        return finding.links == Texts{"wlan1"} &&
               finding.commands.front() == "net-setup bridge add br2 --address 172.30.101.1/24";
    }));
}

TEST_F(DoctorOfHosts, IdleLink)
{
    host_.add("eth0");
    expect("link.idle", Gravity::note, {"ip link set eth0 down"});
    host_.vlan("eth0.7", 7, "eth0");
    EXPECT_FALSE(found("link.idle"));
    host_.at("eth0.7").lower = 0;
    NetworkOf::address(host_.at("eth0"), "192.0.2.1/24");
    EXPECT_FALSE(found("link.idle"));
    host_.at("eth0").addresses.clear();
    host_.at("eth0").up = false;
    EXPECT_FALSE(found("link.idle"));
}

TEST_F(DoctorOfHosts, Bpdus)
{
    NetworkOf::address(host_.add("eth0"), "192.0.2.1/24");
    EXPECT_FALSE(found("link.bpdu"));
    told_.bpdus = {{1, "8000.525400000001"}, {1, ""}};
    expect("link.bpdu", Gravity::note, {});
    EXPECT_EQ(found("link.bpdu")->message, "BPDUs come in on eth0 from bridge 8000.525400000001");
}

}  // namespace
}  // namespace kvmkit::net
