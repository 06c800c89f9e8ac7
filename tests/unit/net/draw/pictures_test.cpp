// SPDX-License-Identifier: Apache-2.0
#include "net/draw/columns.hpp"
#include "net/draw/layout.hpp"
#include "net/draw/svg.hpp"
#include "net/draw/tree.hpp"

#include "base/text.hpp"
#include "support/network_of.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

using testing::NetworkOf;

/// Compares with tests/golden/net-draw/NAME; KVMKIT_ACCEPT_GOLDEN=1 rewrites it and fails.
void expect_golden(const std::string& name, const std::string& text)
{
    const auto path = std::string{KVMKIT_SOURCE_DIR "/tests/golden/net-draw/"} + name;
    if (std::getenv("KVMKIT_ACCEPT_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        std::ofstream{path} << text;
        FAIL() << "accepted " << path;
    }
    std::stringstream golden;
    golden << std::ifstream{path}.rdbuf();
    EXPECT_EQ(text, golden.str()) << path;
}

/// Two cards in a bond, a VLAN on it under a bridge with VMs, a filtering bridge on a third card, odds and ends.
NetworkOf busy_host()
{
    NetworkOf host;
    Link& lo = host.add("lo");
    lo.loopback = true;
    lo.mtu = 65536;
    NetworkOf::address(lo, "127.0.0.1/8");
    host.add("bond0", "bond").mtu = 9000;
    host.port("eno1", "", "bond0").mtu = 9000;
    Link& cold = host.port("eno2", "", "bond0");
    cold.mtu = 9000;
    cold.running = cold.carrier = false;
    host.vlan("bond0.100", 100, "bond0");
    Link& bridge = host.add("br0", "bridge");
    bridge.routes = {"default"};
    NetworkOf::address(bridge, "192.0.2.10/24");
    NetworkOf::address(bridge, "2001:db8:0:1:5054:ff:fe00:1/64");
    NetworkOf::address(bridge, "fe80::5054:ff:fe00:1/64");
    host.at("bond0.100").master = bridge.index;
    host.port("vnet0", "tun", "br0");
    Link& small = host.port("vnet1", "tun", "br0");
    small.mtu = 1400;
    small.port_options = {number_option(IFLA_BRPORT_STATE, BR_STATE_LISTENING, 1)};
    host.port("veth1a2b3c", "veth", "br0");
    Link& trunk = host.add("br-trunk", "bridge");
    trunk.options = {number_option(IFLA_BR_VLAN_FILTERING, 1, 1), number_option(IFLA_BR_STP_STATE, 1, 4)};
    trunk.vlans = VlanMembership{*VlanSet::parse("1"), *VlanSet::parse("1"), VlanId{1}};
    Link& uplink = host.port("enp3s0f1", "", "br-trunk");
    uplink.vlans = VlanMembership{*VlanSet::parse("1,100-199"), *VlanSet::parse("1"), VlanId{1}};
    host.port("vnet2", "tun", "br-trunk").vlans =
        VlanMembership{*VlanSet::parse("100"), *VlanSet::parse("100"), VlanId{100}};
    Link& off = host.add("wlp1s0");
    off.wireless = true;
    off.up = off.running = off.carrier = false;
    host.add("mv0", "macvlan");
    host.vlan("br0.7", 7, "br0");
    Link& tunnel = host.add("vx7", "vxlan");
    tunnel.mtu = 1450;
    tunnel.options = {number_option(IFLA_VXLAN_LINK, static_cast<std::uint64_t>(host.at("enp3s0f1").index), 4)};
    return host;
}

const std::vector<TapUser> vms{{"vnet0", "web", 4711}, {"vnet1", "", 4712}, {"vnet2", "a<b>&\"c", 4713}};

TEST(Pictures, OfABusyHost)
{
    NetworkOf host = busy_host();
    const Layers layers = layers_of(host.network(), vms);
    expect_golden("busy.txt", draw_tree(layers, {}));
    expect_golden("busy-80.txt", draw_tree(layers, {.width = 80}));
    expect_golden("busy-ascii.txt", draw_tree(layers, {.width = 60, .utf8 = false}));
    expect_golden("busy.svg", draw_svg(layers));
}

TEST(Pictures, OfOneLinkShowWhatItRestsOnAndWhatRestsOnIt)
{
    NetworkOf host = busy_host();
    const int bridge = host.at("br-trunk").index;
    const auto text = draw_tree(layers_of(host.network(), vms, {bridge}), {});
    expect_golden("one.txt", text);
    EXPECT_EQ(text.find("br0"), std::string::npos);
}

TEST(Pictures, AreNeverWiderThanTheTerminal)
{
    NetworkOf host = busy_host();
    const Layers layers = layers_of(host.network(), vms);
    for (const bool utf8 : {true, false}) {
        for (std::size_t width = 1; width < 120; ++width) {
            const std::string text = draw_tree(layers, {.width = width, .utf8 = utf8});
            for (const auto line : lines(text)) {
                ASSERT_LE(columns_of(line), width) << line;
            }
        }
    }
}

TEST(Pictures, ColourOnlyWhatIsNotUp)
{
    NetworkOf host;
    host.add("eth0").up = false;
    host.add("eth1");
    const auto text = draw_tree(layers_of(host.network(), {}), {.colour = true});
    EXPECT_EQ(text, "eth0  NIC  \x1b[2moff\x1b[0m\neth1  NIC  up\n");
}

TEST(Pictures, EndWhereLinksGoInACircle)
{
    NetworkOf host;
    host.add("a", "bridge").master = 2;
    host.add("b", "bridge").master = 1;
    host.add("c", "macvlan").lower = 3;
    const Layers layers = layers_of(host.network(), {});
    EXPECT_EQ(draw_tree(layers, {}),
              "a        bridge   up\n└─ b     bridge   up\n   └─ a  (see above)\n"
              "c        macvlan  up\n└─ c  (see above)\n");
    EXPECT_NE(draw_svg(layers).find("</svg>"), std::string::npos);
}

TEST(Pictures, SayWhatLiesInAnotherNamespace)
{
    NetworkOf host;
    host.add("v", "veth");
    host.add("m", "macvlan");
    host.add("x", "vxlan");
    EXPECT_EQ(draw_tree(layers_of(host.network(), {}), {}),
              "v  veth     up  to another namespace\nm  macvlan  up  on a link of another namespace\nx  vxlan    up\n");
}

TEST(Pictures, CarryNoBytesThatATerminalObeys)
{
    NetworkOf host;
    host.add("e\x1b[2J\x07<h>", "tun");
    const Layers layers = layers_of(host.network(), {{"e\x1b[2J\x07<h>", "vm\n\x1b[31m", 1}});
    const auto text = draw_tree(layers, {});
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
    EXPECT_EQ(lines(text).size(), 2U) << text;
    EXPECT_EQ(draw_svg(layers).find("<h>"), std::string::npos);
}

TEST(Pictures, OfNothingAreEmpty)
{
    EXPECT_EQ(draw_tree({}, {}), "");
    EXPECT_NE(draw_svg({}).find("width=\"40\" height=\"40\""), std::string::npos);
}

TEST(Layout, NoTwoBoxesOverlapAndAllLieInside)
{
    NetworkOf host = busy_host();
    const Layout layout = lay_out(layers_of(host.network(), vms), {});
    for (std::size_t i = 0; i < layout.places.size(); ++i) {
        const Place& a = layout.places[i];
        EXPECT_TRUE(a.x >= 0 && a.y >= 0 && a.x + a.width <= layout.width && a.y + a.height <= layout.height);
        for (std::size_t j = 0; j < i; ++j) {
            const Place& b = layout.places[j];
            const bool apart =
                a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            EXPECT_TRUE(apart) << a.lines.front() << " and " << b.lines.front();
        }
    }
}

}  // namespace
}  // namespace kvmkit::net
