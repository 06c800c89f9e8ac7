// SPDX-License-Identifier: Apache-2.0
#include "net/persist/read_back.hpp"
#include "net/persist/writers.hpp"
#include "sample.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

const std::string head = "# Written by net-setup, which writes it anew at: net-setup persist br0\n";

std::string text_of(const Result<KeptFiles>& files, const std::string& path)
{
    if (!files) {
        return files.error().message;
    }
    const auto found = std::ranges::find(*files, path, &KeptFile::path);
    return found == files->end() ? "there is no " + path : found->bytes;
}

TEST(IfcfgWriter, WritesOneFileForEachLink)
{
    const auto files = write_ifcfg(sample::fixed());
    EXPECT_EQ(text_of(files, "etc/sysconfig/network-scripts/ifcfg-br0"),
              head +
                  "DEVICE=br0\nTYPE=Bridge\nSTP=no\nDELAY=0\nONBOOT=yes\nNM_CONTROLLED=no\n"
                  "MACADDR=52:54:00:12:34:56\nBOOTPROTO=none\nIPADDR=192.0.2.10\nPREFIX=24\nGATEWAY=192.0.2.1\n"
                  "DEFROUTE=yes\nIPV6INIT=yes\nIPV6_AUTOCONF=no\nIPV6ADDR=2001:db8:1::10/64\n"
                  "IPV6_DEFAULTGW=2001:db8:1::1\nDNS1=192.0.2.53\nDOMAIN=example.org\n");
    EXPECT_EQ(
        text_of(files, "etc/sysconfig/network-scripts/ifcfg-eth0"),
        head + "DEVICE=eth0\nBRIDGE=br0\nTYPE=Ethernet\nONBOOT=yes\nNM_CONTROLLED=no\nBOOTPROTO=none\nIPV6INIT=no\n");
}

TEST(IfcfgWriter, AsksForALeaseAgain)
{
    const auto text = text_of(write_ifcfg(sample::leased()), "etc/sysconfig/network-scripts/ifcfg-br0");
    EXPECT_NE(text.find("BOOTPROTO=dhcp\nIPV6INIT=yes\nIPV6_AUTOCONF=yes\n"), std::string::npos) << text;
}

TEST(IfcfgWriter, PutsOtherRoutesIntoAFileOfTheirOwn)
{
    auto profile = sample::fixed();
    profile.links.back().addresses.push_back(sample::address("198.51.100.7/25"));
    profile.links.back().routes.push_back({.destination = Prefix::parse("10.0.0.0/8").value(),
                                           .gateway = IpAddress::parse("192.0.2.9").value(),
                                           .metric = 5,
                                           .table = 7});
    const auto files = write_ifcfg(profile);
    EXPECT_EQ(text_of(files, "etc/sysconfig/network-scripts/route-br0"),
              head + "10.0.0.0/8 via 192.0.2.9 dev br0 metric 5 table 7\n");
    EXPECT_NE(text_of(files, "etc/sysconfig/network-scripts/ifcfg-br0").find("IPADDR1=198.51.100.7\nPREFIX1=25\n"),
              std::string::npos);
    EXPECT_EQ(missing_in(*files, Manager::ifcfg, profile), std::vector<std::string>{});
}

TEST(WickedWriter, WritesPortsAtTheBridgeAndRoutesBeside)
{
    const auto files = write_wicked(sample::fixed());
    const std::string folder = "etc/sysconfig/network/";
    EXPECT_EQ(text_of(files, folder + "ifcfg-br0"),
              head +
                  "STARTMODE=auto\nBOOTPROTO=static\nBRIDGE=yes\nBRIDGE_PORTS=eth0\nBRIDGE_STP=off\n"
                  "BRIDGE_FORWARDDELAY=0\nLLADDR=52:54:00:12:34:56\nIPADDR=192.0.2.10/24\n"
                  "IPADDR_1=2001:db8:1::10/64\n");
    EXPECT_EQ(text_of(files, folder + "ifcfg-eth0"), head + "STARTMODE=auto\nBOOTPROTO=none\n");
    EXPECT_EQ(text_of(files, folder + "ifroute-br0"), head + "default 192.0.2.1 - br0\n::/0 2001:db8:1::1 - br0\n");
}

TEST(SysconfigWriters, ReadBackWhatTheyWrote)
{
    for (const Profile& profile : {sample::fixed(), sample::leased()}) {
        EXPECT_EQ(missing_in(*write_ifcfg(profile), Manager::ifcfg, profile), std::vector<std::string>{});
        EXPECT_EQ(missing_in(*write_wicked(profile), Manager::wicked, profile), std::vector<std::string>{});
        EXPECT_NE(missing_in({}, Manager::ifcfg, profile), std::vector<std::string>{});
    }
}

TEST(SysconfigWriters, RefuseWhatTheyHaveNoWordsFor)
{
    for (const auto& write : {write_ifcfg, write_wicked}) {
        const auto filtering = write(sample::vlan_aware());
        ASSERT_FALSE(filtering);
        EXPECT_EQ(filtering.error().code, ErrorCode::unsupported);
        auto snooping = sample::fixed();
        snooping.links.back().settings.push_back({"multicast-snooping", "false"});
        EXPECT_NE(write(snooping).error().message.find("multicast-snooping (false)"), std::string::npos);
    }
    const Profile odd{"vlan7", {sample::card(), sample::vlan("vlan7", "eth0", "7")}};
    EXPECT_NE(write_ifcfg(odd).error().message.find("a VLAN that is not named eth0.7"), std::string::npos);
    EXPECT_TRUE(write_wicked(odd));
}

}  // namespace
}  // namespace kvmkit::net
