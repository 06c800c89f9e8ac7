// SPDX-License-Identifier: Apache-2.0
#include "net/persist/writers.hpp"
#include "net/persist/read_back.hpp"
#include "sample.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

std::string text_of(const Result<KeptFiles>& files, const std::string& path)
{
    if (!files) {
        return files.error().message;
    }
    const auto found = std::ranges::find(*files, path, &KeptFile::path);
    return found == files->end() ? "there is no " + path : found->bytes;
}

const std::string head = "# Written by net-setup, which writes it anew at: net-setup persist br0\n";
const std::string networkd_folder = "etc/systemd/network/10-net-setup-";
const std::string nm_folder = "etc/NetworkManager/system-connections/net-setup-";

TEST(NetworkdWriter, PinsTheMacAndKeepsTheAddressWithoutCarrier)
{
    const auto files = write_networkd(sample::fixed());
    EXPECT_EQ(text_of(files, networkd_folder + "br0.netdev"),
              head +
                  "\n[NetDev]\nName=br0\nKind=bridge\nMACAddress=52:54:00:12:34:56\n"
                  "\n[Bridge]\nSTP=no\nForwardDelaySec=0\n");
    EXPECT_EQ(text_of(files, networkd_folder + "br0.network"),
              head +
                  "\n[Match]\nName=br0\n\n[Link]\nRequiredForOnline=routable\n\n[Network]\nDHCP=no\n"
                  "ConfigureWithoutCarrier=yes\nIgnoreCarrierLoss=yes\nKeepConfiguration=static\n"
                  "LinkLocalAddressing=ipv6\nIPv6AcceptRA=no\nAddress=192.0.2.10/24\nAddress=2001:db8:1::10/64\n"
                  "Gateway=192.0.2.1\nGateway=2001:db8:1::1\nDNS=192.0.2.53\nDomains=example.org\n");
    EXPECT_EQ(text_of(files, networkd_folder + "eth0.network"),
              head +
                  "\n[Match]\nName=eth0\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nBridge=br0\n"
                  "LinkLocalAddressing=no\nIPv6AcceptRA=no\nDHCP=no\n");
}

TEST(NetworkdWriter, WritesRoutesThatAreMoreThanAGateway)
{
    auto profile = sample::fixed();
    auto& br0 = profile.links.back();
    br0.routes = {{.destination = Prefix::parse("10.0.0.0/8").value(),
                   .gateway = IpAddress::parse("198.51.100.1").value(),
                   .source = IpAddress::parse("192.0.2.10").value(),
                   .metric = 50,
                   .table = 7,
                   .on_link = true}};
    const auto text = text_of(write_networkd(profile), networkd_folder + "br0.network");
    EXPECT_NE(text.find("\n[Route]\nDestination=10.0.0.0/8\nGateway=198.51.100.1\nGatewayOnLink=yes\n"
                        "PreferredSource=192.0.2.10\nMetric=50\nTable=7\n"),
              std::string::npos)
        << text;
}

TEST(NetworkdWriter, WritesBondsInMillisecondsAndPortOptions)
{
    KeptLink bond{.name = sample::name("bond0"),
                  .kind = "bond",
                  .settings = {{"mode", "802.3ad"}, {"miimon", "100"}, {"lacp_rate", "fast"}}};
    bond.port = KeptPort{.master = sample::name("br0"), .settings = {{"root-block", "true"}, {"isolated", "true"}}};
    auto eth0 = sample::port(sample::card(), "bond0");
    eth0.port->of_bond = true;
    const auto files = write_networkd({"br0", {eth0, bond, sample::bridge("br0")}});
    EXPECT_NE(text_of(files, networkd_folder + "bond0.netdev")
                  .find("[Bond]\nMode=802.3ad\nMIIMonitorSec=100ms\nLACPTransmitRate=fast\n"),
              std::string::npos);
    EXPECT_NE(text_of(files, networkd_folder + "bond0.network").find("[Bridge]\nAllowPortToBeRoot=no\nIsolated=yes\n"),
              std::string::npos);
    EXPECT_NE(text_of(files, networkd_folder + "eth0.network").find("Bond=bond0\n"), std::string::npos);
}

TEST(NetplanWriter, WritesOneFileThatOnlyRootReads)
{
    const auto files = write_netplan(sample::leased());
    ASSERT_TRUE(files) << files.error().message;
    ASSERT_EQ(files->size(), 1U);
    EXPECT_EQ(files->front().mode, 0600U);
    EXPECT_EQ(text_of(files, "etc/netplan/60-net-setup-br0.yaml"),
              head +
                  "network:\n  version: 2\n  ethernets:\n    eth0:\n      dhcp4: false\n      dhcp6: false\n"
                  "      accept-ra: false\n      link-local: []\n  bridges:\n    br0:\n"
                  "      macaddress: \"52:54:00:12:34:56\"\n      interfaces:\n      - eth0\n      parameters:\n"
                  "        stp: false\n        forward-delay: 0\n      dhcp4: true\n      dhcp-identifier: mac\n"
                  "      dhcp6: false\n      accept-ra: true\n      link-local:\n      - ipv6\n");
}

TEST(NetplanWriter, LeavesVlanFilteringToNetworkdByDropIns)
{
    const auto files = write_netplan(sample::vlan_aware());
    ASSERT_TRUE(files) << files.error().message;
    const std::string folder = "etc/systemd/network/10-netplan-";
    EXPECT_EQ(text_of(files, folder + "br0.netdev.d/kvmkit-net-setup.conf"),
              head + "\n[Bridge]\nVLANFiltering=yes\nDefaultPVID=1\n");
    EXPECT_EQ(text_of(files, folder + "br0.network.d/kvmkit-net-setup.conf"),
              head + "\n[BridgeVLAN]\nPVID=1\nEgressUntagged=1\n\n[BridgeVLAN]\nVLAN=100\n");
    EXPECT_NE(text_of(files, folder + "eth0.network.d/kvmkit-net-setup.conf").find("\nVLAN=100\n"), std::string::npos);
    EXPECT_EQ(text_of(files, "etc/netplan/60-net-setup-br0.yaml").find("vlan-"), std::string::npos);
}

TEST(NetplanWriter, RefusesByNameWhatNetworkdHasNoWordsForEither)
{
    auto profile = sample::vlan_aware();
    profile.links.at(1).settings.push_back({"vlan-stats", "true"});
    const auto files = write_netplan(profile);
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().code, ErrorCode::unsupported);
    EXPECT_EQ(files.error().message, "cannot keep link 'br0': netplan has no words for vlan-stats (true)");
}

TEST(KeyfileWriter, WritesProfilesThatNetworkManagerTrusts)
{
    const auto files = write_keyfiles(sample::vlan_aware());
    ASSERT_TRUE(files) << files.error().message;
    EXPECT_TRUE(std::ranges::all_of(*files, [](const KeptFile& file) { return file.mode == 0600; }));
    const auto text = text_of(files, nm_folder + "br0.nmconnection");
    EXPECT_NE(text.find("\n[bridge]\nstp=false\nforward-delay=0\nvlan-filtering=true\nvlan-default-pvid=1\n"
                        "vlans=1 pvid untagged,100\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text_of(files, nm_folder + "br0-port-eth0.nmconnection").find("vlans=1 pvid untagged,100,200-299\n"),
              std::string::npos);
}

TEST(KeyfileWriter, WritesSwitchesOfBondsAsNumbersAndKeepsTheGatewayFirst)
{
    KeptLink bond{
        .name = sample::name("bond0"),
        .kind = "bond",
        .settings = {{"mode", "balance-tlb"}, {"tlb_dynamic_lb", "false"}, {"all_slaves_active", "delivered"}}};
    bond.addresses = {sample::address("192.0.2.10/24"), sample::address("192.0.2.11/24")};
    bond.routes = {sample::default_route("192.0.2.1")};
    const auto text = text_of(write_keyfiles({"bond0", {bond}}), nm_folder + "bond0.nmconnection");
    EXPECT_NE(text.find("[bond]\nmode=balance-tlb\ntlb_dynamic_lb=0\nall_slaves_active=1\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("method=manual\nroute-metric=0\naddress1=192.0.2.10/24,192.0.2.1\naddress2=192.0.2.11/24\n"),
              std::string::npos)
        << text;
}

TEST(KeyfileWriter, GivesEachProfileTheSameUuidEachTime)
{
    const auto uuid = [](const std::string& path) {
        const auto text = text_of(write_keyfiles(sample::fixed()), nm_folder + path + ".nmconnection");
        const auto start = text.find("uuid=");
        return start == std::string::npos ? text : text.substr(start + 5, 36);
    };
    EXPECT_EQ(uuid("br0"), uuid("br0"));
    EXPECT_NE(uuid("br0"), uuid("br0-port-eth0"));
    EXPECT_EQ(uuid("br0").at(14), '8');
    EXPECT_EQ(uuid("br0").find_first_not_of("0123456789abcdef-"), std::string::npos);
}

TEST(InterfacesWriter, WritesBothFamiliesAndStaysQuietOnPorts)
{
    EXPECT_EQ(text_of(write_interfaces(sample::fixed(), Manager::ifupdown), "etc/network/interfaces.d/net-setup-br0"),
              head +
                  "auto eth0\niface eth0 inet manual\n\n"
                  "auto br0\niface br0 inet static\n    bridge_stp off\n    bridge_fd 0\n    bridge_ports eth0\n"
                  "    bridge_hw 52:54:00:12:34:56\n    bridge_maxwait 0\n    address 192.0.2.10/24\n"
                  "    gateway 192.0.2.1\n    dns-nameservers 192.0.2.53\n    dns-search example.org\n"
                  "iface br0 inet6 static\n    address 2001:db8:1::10/64\n    accept_ra 0\n    autoconf 0\n"
                  "    gateway 2001:db8:1::1\n\n");
}

TEST(InterfacesWriter, OnlyTheSecondOneFiltersVlans)
{
    EXPECT_EQ(write_interfaces(sample::vlan_aware(), Manager::ifupdown).error().message,
              "cannot keep link 'br0': ifupdown has no words for vlan-filtering (true)");
    const auto text =
        text_of(write_interfaces(sample::vlan_aware(), Manager::ifupdown2), "etc/network/interfaces.d/net-setup-br0");
    EXPECT_NE(text.find("    bridge-vlan-aware yes\n"), std::string::npos) << text;
    EXPECT_NE(text.find("    bridge-vids 100 200-299\n"), std::string::npos) << text;
}

TEST(OwnWriter, WaitsForTheCardAndRefusesLeases)
{
    auto profile = sample::fixed();
    profile.links.front().name = sample::name("enp0-x");
    const auto files = write_own(profile, "interfaces: []\n", "/usr/sbin/net-setup");
    const auto unit = text_of(files, "etc/systemd/system/net-setup-apply-br0.service");
    EXPECT_NE(unit.find("Wants=network-pre.target sys-subsystem-net-devices-enp0\\x2dx.device\n"), std::string::npos)
        << unit;
    EXPECT_NE(unit.find("ExecStart=/usr/sbin/net-setup apply --allow all /etc/kvmkit/net-setup/br0.yml\n"),
              std::string::npos);
    EXPECT_TRUE(files->back().is_link);
    EXPECT_EQ(write_own(sample::leased(), "", "x").error().message,
              "cannot keep link 'br0': nobody would ask for its DHCP lease at boot");
}

TEST(ReadingBack, FindsInEachFormatAllThatWasWritten)
{
    for (const Profile& profile : {sample::fixed(), sample::leased(), sample::vlan_below()}) {
        EXPECT_EQ(missing_in(write_networkd(profile).value(), Manager::networkd, profile), std::vector<std::string>{});
        EXPECT_EQ(missing_in(write_netplan(profile).value(), Manager::netplan, profile), std::vector<std::string>{});
        EXPECT_EQ(missing_in(write_keyfiles(profile).value(), Manager::network_manager, profile),
                  std::vector<std::string>{});
        EXPECT_EQ(missing_in(write_interfaces(profile, Manager::ifupdown).value(), Manager::ifupdown, profile),
                  std::vector<std::string>{});
    }
}

TEST(ReadingBack, NamesWhatIsNotThere)
{
    auto more = sample::fixed();
    more.links.back().addresses.push_back(sample::address("203.0.113.5/24"));
    const std::vector<std::string> expected{"the files do not say of br0: address 203.0.113.5/24"};
    EXPECT_EQ(missing_in(write_networkd(sample::fixed()).value(), Manager::networkd, more), expected);
    EXPECT_EQ(missing_in(write_netplan(sample::fixed()).value(), Manager::netplan, more), expected);
    EXPECT_EQ(missing_in(write_keyfiles(sample::fixed()).value(), Manager::network_manager, more), expected);
    EXPECT_EQ(missing_in(write_interfaces(sample::fixed(), Manager::ifupdown).value(), Manager::ifupdown, more),
              expected);
}

}  // namespace
}  // namespace kvmkit::net
