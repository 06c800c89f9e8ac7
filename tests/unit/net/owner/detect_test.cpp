// SPDX-License-Identifier: Apache-2.0
#include "net/owner/detect.hpp"
#include "net/owner/cloud_init.hpp"
#include "net/owner/interfaces_file.hpp"
#include "net/owner/netplan_files.hpp"

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

class OwnerDetection : public ::testing::Test {
protected:
    void put(std::string_view path, std::string text) { add_file(tree_, path, std::move(text)); }
    [[nodiscard]] Root root() const { return Root::of(tree_); }
    [[nodiscard]] std::vector<Claim> claims() const { return claims_on(link_, root()); }

    FileTree tree_;
    Link link_{.name = LinkName::from_kernel("eth0"),
               .index = 2,
               .mac = MacAddress::parse("52:54:00:12:34:56").value(),
               .ethernet = true};
};

TEST_F(OwnerDetection, NobodyOwnsALinkThatNoFileNames)
{
    put("run/systemd/netif/links/2", "ADMIN_STATE=unmanaged\n");
    put("run/NetworkManager/devices/2", "[device]\nmanaged=false\n");
    put("etc/network/interfaces", "auto lo\niface lo inet loopback\n");
    EXPECT_TRUE(claims().empty());
    EXPECT_EQ(owner_by(claims()), Manager::none);
}

TEST_F(OwnerDetection, NetworkdShowsItsFile)
{
    put("run/systemd/netif/links/2",
        "# private\nADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/a.network\n");
    const std::vector<Claim> expected{{Manager::networkd,
                                       "/run/systemd/netif/links/2",
                                       "ADMIN_STATE=configured NETWORK_FILE=/etc/systemd/network/a.network"}};
    EXPECT_EQ(claims(), expected);
}

TEST_F(OwnerDetection, NetplanStandsBeforeTheDaemonThatItSpeaksThrough)
{
    put("run/systemd/netif/links/2",
        "ADMIN_STATE=configured\nNETWORK_FILE=/run/systemd/network/10-netplan-eth0.network\n");
    put("etc/netplan/50-cloud-init.yaml", "network:\n  version: 2\n  ethernets:\n    eth0: {dhcp4: true}\n");
    const auto found = claims();
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(owner_by(found), Manager::netplan);
    EXPECT_EQ(found[1], (Claim{Manager::netplan, "/etc/netplan/50-cloud-init.yaml", "ethernets.eth0"}));
    EXPECT_EQ(found[2].manager, Manager::networkd);
}

TEST_F(OwnerDetection, NetplanFindsCardsByMacAndPattern)
{
    const std::string head = "network:\n  ethernets:\n    card:\n      match: ";
    put("etc/netplan/a.yaml", head + "{macaddress: \"52:54:00:12:34:56\"}\n");
    put("etc/netplan/b.yaml", head + "{name: \"eth*\"}\n");
    put("etc/netplan/c.yaml", head + "{name: \"en*\"}\n");
    put("etc/netplan/d.yaml", head + "{macaddress: \"52:54:00:12:34:57\"}\n");
    put("etc/netplan/e.yaml", head + "{macaddress: \"52:54:00:12:34:57\"}\n      set-name: eth0\n");
    std::vector<std::string> files;
    for (const Claim& claim : claims()) {
        files.push_back(claim.file);
    }
    EXPECT_EQ(files, (std::vector<std::string>{"/etc/netplan/a.yaml", "/etc/netplan/b.yaml", "/etc/netplan/e.yaml"}));
}

TEST_F(OwnerDetection, ANetplanFileInRunShadowsItsNamesakeInEtc)
{
    put("etc/netplan/a.yaml", "network: {ethernets: {eth0: {dhcp4: true}}}\n");
    put("run/netplan/a.yaml", "network: {ethernets: {eth1: {dhcp4: true}}}\n");
    EXPECT_TRUE(claims().empty());
}

TEST_F(OwnerDetection, BrokenNetplanFilesAreNamed)
{
    put("etc/netplan/a.yaml", "network: {ethernets: [\n");
    EXPECT_EQ(netplan_files(root()).unreadable, (std::vector<std::string>{"etc/netplan/a.yaml"}));
}

TEST_F(OwnerDetection, NetworkManagerShowsItsConnection)
{
    put("run/NetworkManager/devices/2", "[device]\nmanaged=true\nconnection-uuid=0a0b\n");
    EXPECT_EQ(claims(),
              (std::vector<Claim>{
                  {Manager::network_manager, "/run/NetworkManager/devices/2", "managed=true connection-uuid=0a0b"}}));
}

TEST_F(OwnerDetection, IfupdownIsFoundInSourcedFiles)
{
    put("etc/network/interfaces", "# all\nsource /etc/network/interfaces.d/*\nsource-directory more\n");
    put("etc/network/interfaces.d/eth0", "auto eth0\niface eth0 inet dhcp\n");
    put("etc/network/interfaces.d/.hidden", "iface eth0 inet manual\n");
    put("etc/network/more/six", "\niface eth0 inet6 auto\n");
    put("etc/network/more/six.bak", "iface eth0 inet6 manual\n");
    put("run/network/ifstate", "lo=lo\neth0=eth0\n");
    const std::vector<Claim> expected{
        {Manager::ifupdown, "/etc/network/interfaces.d/eth0", "line 2: iface eth0 inet dhcp"},
        {Manager::ifupdown, "/etc/network/more/six", "line 2: iface eth0 inet6 auto"},
        {Manager::ifupdown, "/run/network/ifstate", "eth0=eth0"}};
    EXPECT_EQ(claims(), expected);
}

TEST_F(OwnerDetection, Ifupdown2IsToldFromIfupdown)
{
    put("etc/network/interfaces", "iface eth0 inet dhcp\n");
    put("etc/network/ifupdown2/ifupdown2.conf", "");
    EXPECT_EQ(owner_by(claims()), Manager::ifupdown2);
}

TEST_F(OwnerDetection, WickedAndNetworkScriptsAreKnownByTheirFiles)
{
    put("etc/sysconfig/network/ifcfg-eth0", "STARTMODE=auto\nBOOTPROTO='dhcp'\n");
    put("etc/sysconfig/network-scripts/ifcfg-eth0", "BOOTPROTO=none\nNM_CONTROLLED=no\n");
    const std::vector<Claim> expected{
        {Manager::wicked, "/etc/sysconfig/network/ifcfg-eth0", "BOOTPROTO=dhcp"},
        {Manager::ifcfg, "/etc/sysconfig/network-scripts/ifcfg-eth0", "BOOTPROTO=none NM_CONTROLLED=no"}};
    EXPECT_EQ(claims(), expected);
}

TEST_F(OwnerDetection, CloudInitIsToldOfUnlessItIsSwitchedOff)
{
    EXPECT_FALSE(cloud_init(root()));
    put("etc/cloud/cloud.cfg", "users: [default]\n");
    ASSERT_TRUE(cloud_init(root()));
    put("etc/netplan/50-cloud-init.yaml", "# This file is generated by cloud-init\n");
    EXPECT_EQ(cloud_init(root())->evidence, "/etc/netplan/50-cloud-init.yaml: written by cloud-init");
    put("etc/cloud/cloud.cfg.d/99-off.cfg", "network: {config: disabled}\n");
    EXPECT_FALSE(cloud_init(root()));
}

TEST(InterfacesStanzas, TakeTheLinesUpToTheNextOne)
{
    const auto found = stanzas_of(
        "auto eth0 eth1\n\niface eth0 inet static\n  address 1.2.3.4/24\n# end\n  up x \\\n auto no\n"
        "iface eth1 inet manual\n");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_TRUE(found[0].starts("eth1"));
    EXPECT_EQ(found[1].first_line, 2U);
    EXPECT_EQ(found[1].end_line, 7U);
    EXPECT_TRUE(found[2].configures("eth1"));
}

}  // namespace
}  // namespace kvmkit::net
