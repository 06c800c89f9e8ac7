// SPDX-License-Identifier: Apache-2.0
#include "net/persist/profile.hpp"
#include "sample.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

using sample::address;
using sample::name;

Link link_of(int index, const std::string& text, const std::string& kind = "")
{
    return {.name = name(text),
            .index = index,
            .kind = kind,
            .mac = MacAddress{{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(index)}},
            .mtu = 1500,
            .up = true,
            .ethernet = true};
}

/// eth0 and a VM's tap on br0, and a VLAN on the bridge.
class Profiles : public ::testing::Test {
protected:
    Profiles()
    {
        auto eth0 = link_of(2, "eth0");
        auto tap = link_of(3, "vnet0", "tun");
        auto br0 = link_of(4, "br0", "bridge");
        auto inside = link_of(5, "br0.7", "vlan");
        eth0.master = tap.master = 4;
        inside.lower = 4;
        inside.options = {number_option(IFLA_VLAN_ID, 7, 2)};
        br0.options = {number_option(IFLA_BR_STP_STATE, 0, 4),
                       number_option(IFLA_BR_FORWARD_DELAY, 0, 4),
                       number_option(IFLA_BR_AGEING_TIME, 29999, 4),
                       number_option(IFLA_BR_MCAST_SNOOPING, 0, 1)};
        br0.addresses = {address("192.0.2.10/24"), address("fe80::1/64")};
        network_.links = {eth0, tap, br0, inside};
        network_.routes = {route("192.0.2.1", RTPROT_STATIC)};
    }

    [[nodiscard]] Route route(const std::string& gateway, std::uint8_t protocol) const
    {
        return {.link = 4,
                .gateway = IpAddress::parse(gateway).value(),
                .table = RT_TABLE_MAIN,
                .protocol = protocol,
                .type = RTN_UNICAST};
    }

    [[nodiscard]] ProfileDraft draft(const std::string& asked = "br0") const
    {
        return profile_of(network_, {name(asked)}, around_).value();
    }

    Link& br0() { return network_.links[2]; }

    Network network_;
    Circumstances around_;
};

TEST_F(Profiles, TakeWhatBelongsTogetherButNoTaps)
{
    for (const std::string asked : {"br0", "eth0", "br0.7"}) {
        const auto profile = draft(asked).profile;
        EXPECT_EQ(profile.name, "br0");
        ASSERT_EQ(profile.links.size(), 3U);
        EXPECT_EQ(profile.links[0].name, name("eth0"));
        EXPECT_EQ(profile.links[1].name, name("br0"));
        EXPECT_EQ(profile.links[2].lower, name("br0"));
        EXPECT_EQ(profile.links[0].port->master, name("br0"));
    }
}

TEST_F(Profiles, KeepOptionsThatDifferAndTheDelayInAnyCase)
{
    const auto profile = draft().profile;
    EXPECT_EQ(profile.links[1].settings,
              (Settings{{"stp.enabled", "false"}, {"stp.forward-delay", "0"}, {"multicast-snooping", "false"}}));
    EXPECT_EQ(profile.links[1].mac, br0().mac);
    EXPECT_EQ(profile.links[2].settings, (Settings{{"id", "7"}}));
}

TEST_F(Profiles, KeepFixedAddressesAndTheirGateway)
{
    const auto kept = draft().profile.links[1];
    EXPECT_EQ(kept.addresses, (std::vector<InterfaceAddress>{address("192.0.2.10/24")}));
    ASSERT_EQ(kept.routes.size(), 1U);
    EXPECT_TRUE(kept.routes[0].is_plain_default());
    EXPECT_FALSE(kept.routes[0].on_link);
    EXPECT_FALSE(kept.dhcp4);
}

TEST_F(Profiles, AskForALeaseAgain)
{
    br0().leased = {address("192.0.2.10/24")};
    network_.routes = {route("192.0.2.1", RTPROT_BOOT)};
    const auto kept = draft().profile.links[1];
    EXPECT_TRUE(kept.dhcp4);
    EXPECT_TRUE(kept.addresses.empty());
    EXPECT_TRUE(kept.routes.empty());
}

TEST_F(Profiles, ALeaseWithoutLifetimeIsKnownByItsClientOnThePort)
{
    around_.dhcp_links = {2};
    const auto kept = draft().profile.links[1];
    EXPECT_TRUE(kept.dhcp4);
    EXPECT_TRUE(kept.addresses.empty());
}

TEST_F(Profiles, NameServersGoWithTheGateway)
{
    around_.resolver = {{"192.0.2.53"}, {"example.org"}};
    EXPECT_EQ(draft().profile.links[1].servers, (std::vector<std::string>{"192.0.2.53"}));
    network_.routes.clear();
    EXPECT_TRUE(draft().profile.links[1].servers.empty());
}

TEST_F(Profiles, AGatewayBeyondTheNetworkIsSaidToBeOnTheLink)
{
    network_.routes = {route("203.0.113.1", RTPROT_BOOT)};
    EXPECT_TRUE(draft().profile.links[1].routes.at(0).on_link);
}

TEST_F(Profiles, TellWhatTheyCannotHold)
{
    network_.routes[0].shared = true;
    network_.links[0].up = false;
    const auto losses = draft().losses;
    EXPECT_EQ(losses,
              (std::vector<std::string>{"eth0: is switched off now, and will be on",
                                        "br0: its link-local address fe80::1/64 is not kept",
                                        "br0: the route to 0.0.0.0/0 has several ways, and is not kept"}));
}

TEST_F(Profiles, RefuseNamesThatFilesWouldMistake)
{
    network_.links[0].name = name("a;b");
    const auto refused = profile_of(network_, {name("br0")}, around_);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "cannot keep link 'a;b': its name holds letters that mean something else in files");
    EXPECT_EQ(profile_of(network_, {name("vnet0")}, around_).error().code, ErrorCode::refused);
    EXPECT_EQ(profile_of(network_, {name("eth9")}, around_).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kvmkit::net
