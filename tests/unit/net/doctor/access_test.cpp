// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/lasting.hpp"
#include "net/persist/writers.hpp"
#include "support/temporary_folder.hpp"
#include "unit/net/doctor/patient.hpp"

#include <linux/rtnetlink.h>

namespace kvmkit::net {
namespace {

class DoctorOfAccess : public DoctorTest {
protected:
    void owned(const std::string& link, std::vector<Claim> claims)
    {
        told_.owners.push_back({LinkName::from_kernel(link), std::move(claims)});
    }

    /// The operator talks to 192.0.2.1 from far away.
    void log_in() { told_.operator_at = Operator{*IpAddress::parse("203.0.113.9"), *IpAddress::parse("192.0.2.1")}; }

    void lead_through(const std::string& link)
    {
        host_.network().routes = {{.destination = Prefix::all(Family::ipv4),
                                   .link = host_.at(link).index,
                                   .gateway = *IpAddress::parse("192.0.2.254"),
                                   .table = RT_TABLE_MAIN,
                                   .type = RTN_UNICAST}};
    }

    [[nodiscard]] std::string said(std::string_view id)
    {
        const auto finding = found(id);
        return finding ? finding->message : "nothing";
    }
};

TEST_F(DoctorOfAccess, TheOwnerIsToldWithItsEvidence)
{
    host_.add("eth0");
    EXPECT_EQ(said("host.owner"), "nothing");
    owned("eth0", {{Manager::network_manager, "/run/NetworkManager/devices/1", "managed=true"}});
    EXPECT_EQ(said("host.owner"),
              "NetworkManager gives eth0 its settings at boot (/run/NetworkManager/devices/1: managed=true)");
    expect("host.owner", Gravity::note, {});
    told_.owners.clear();
    host_.add("eth1");
    owned("eth0", {});
    owned("eth1", {});
    EXPECT_EQ(said("host.owner"), "nobody gives eth0, eth1 their settings at boot");
    expect("host.owner", Gravity::note, {}, {"net-setup persist eth0", "net-setup persist eth1"});
}

TEST_F(DoctorOfAccess, TwoOwnersAreARiskUnlessOneSpeaksForTheOther)
{
    host_.add("eth0");
    const Claim netplan{Manager::netplan, "/etc/netplan/50.yaml", "ethernets: eth0"};
    const Claim networkd{Manager::networkd, "/run/systemd/netif/links/1", "ADMIN_STATE=configured"};
    const Claim ifupdown{Manager::ifupdown, "/etc/network/interfaces", "iface eth0 inet dhcp"};
    const Claim ifupdown2{Manager::ifupdown2, "/etc/network/interfaces", "iface eth0 inet dhcp"};
    owned("eth0", {netplan, networkd});
    EXPECT_EQ(said("host.two-owners"), "nothing");
    told_.owners = {{LinkName::from_kernel("eth0"), {ifupdown2, ifupdown}}};
    EXPECT_EQ(said("host.two-owners"), "nothing");
    told_.owners = {{LinkName::from_kernel("eth0"), {networkd, ifupdown}}};
    EXPECT_EQ(said("host.two-owners"),
              "eth0 is claimed by systemd-networkd and ifupdown (/run/systemd/netif/links/1: ADMIN_STATE=configured; "
              "/etc/network/interfaces: iface eth0 inet dhcp)");
    expect("host.two-owners", Gravity::risk, {});
}

TEST_F(DoctorOfAccess, TheWayOfTheSessionIsToldDownToTheCable)
{
    bridge("br0");
    host_.port("bond0", "bond", "br0");
    host_.port("eth0", "", "bond0");
    host_.port("vnet0", "tun", "br0");
    NetworkOf::address(host_.at("br0"), "192.0.2.1/24");
    lead_through("br0");
    EXPECT_EQ(said("host.ssh-path"), "nothing");
    log_in();
    EXPECT_EQ(said("host.ssh-path"), "your ssh session from 203.0.113.9 is carried by br0, over bond0, eth0");
    EXPECT_EQ(found("host.ssh-path")->links, (Texts{"br0", "bond0", "eth0"}));
    expect("host.ssh-path", Gravity::note, {});
}

TEST_F(DoctorOfAccess, AnswersThatLeaveByAnotherLinkAreTold)
{
    NetworkOf::address(host_.add("eth0"), "192.0.2.1/24");
    NetworkOf::address(host_.add("eth1"), "198.51.100.1/24");
    lead_through("eth1");
    log_in();
    EXPECT_EQ(said("host.ssh-path"),
              "your ssh session from 203.0.113.9 is carried by eth1; its address 192.0.2.1 is on eth0");
    NetworkOf::address(host_.at("eth0"), "203.0.113.1/24");
    EXPECT_EQ(said("host.ssh-path"), "your ssh session from 203.0.113.9 is carried by eth0");
}

TEST_F(DoctorOfAccess, WhatNobodyMakesAgainIsTold)
{
    EXPECT_EQ(said("link.until-boot"), "nothing");
    told_.until_boot = {LinkName::from_kernel("br0")};
    EXPECT_EQ(said("link.until-boot"), "br0 lives until the next boot: nobody makes it again");
    expect("link.until-boot", Gravity::note, {}, {"net-setup persist br0"});
}

TEST(LinksUntilBoot, AreThoseThatLeadToACardAndThatNobodyKeeps)
{
    const testing::TemporaryFolder folder;
    const auto root = *Root::open(folder.path());
    const auto name = [](const char* text) { return LinkName::from_kernel(text); };
    const Network network{{{.name = name("eth0"), .index = 1, .ethernet = true, .master = 2},
                           {.name = name("bond0"), .index = 2, .kind = "bond"},
                           {.name = name("bond0.5"), .index = 3, .kind = "vlan", .master = 4, .lower = 2},
                           {.name = name("br0"), .index = 4, .kind = "bridge"},
                           {.name = name("virbr0"), .index = 5, .kind = "bridge"},
                           {.name = name("tap0"), .index = 6, .kind = "tun", .ethernet = true, .master = 5}}};
    EXPECT_EQ(links_until_boot(network, {}, root), std::vector{name("br0")});
    const Claim claim{Manager::networkd, "/run/systemd/netif/links/4", "ADMIN_STATE=configured"};
    EXPECT_EQ(links_until_boot(network, {{name("br0"), {claim}}}, root), std::vector{name("bond0.5")});
    folder.write("etc/systemd/network/10-br0.netdev", head_line(std::string{"br0"}));
    EXPECT_EQ(links_until_boot({{network.links.begin() + 2, network.links.end()}}, {}, root), std::vector<LinkName>{});
}

}  // namespace
}  // namespace kvmkit::net
