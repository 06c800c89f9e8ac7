// SPDX-License-Identifier: Apache-2.0
// What show --format yaml writes of a real kernel's links, read and planned again.
#include "net/netlink/route_socket.hpp"
#include "net/planner/state_plan.hpp"
#include "net/state/state_file.hpp"
#include "net/state/writer.hpp"
#include "support/private_netns.hpp"

#include <linux/if_link.h>

#include <algorithm>

namespace kvmkit::net {
namespace {

class StateTest : public testing::PrivateNetns {
protected:
    static Network observed()
    {
        auto route = RouteSocket::open();
        EXPECT_TRUE(route) << route.error().message;
        auto network = route->observe();
        EXPECT_TRUE(network) << network.error().message;
        return std::move(*network);
    }

    static std::string written(const Network& network, Notation notation)
    {
        std::vector<const Link*> links;
        for (const Link& link : network.links) {
            links.push_back(&link);
        }
        return write_state(network, links, notation);
    }

    /// What is left to be done to reach what was written, in words.
    static std::string rest(const Network& network, const std::string& text)
    {
        const auto file = read_state_file("written", text);
        if (!file) {
            return file.error().message;
        }
        const auto drafted = plan_state(network, file->wanted, {MacAddress{{2, 0, 0, 0, 0, 1}}, 7});
        std::string words = drafted.complaint ? drafted.complaint->error.message : "";
        for (const Step& step : drafted.plan) {
            words += describe(step.action) + "\n";
        }
        return words;
    }
};

TEST_F(StateTest, WhatIsWrittenIsWhatIsThere)
{
    ip("link set lo up");
    ip("link add br0 type bridge stp_state 1 forward_delay 1000 ageing_time 12345 mcast_snooping 0");
    ip("link add va type veth peer name vb");
    ip("link set va mtu 1400 master br0 up");
    ip("link set va type bridge_slave hairpin on isolated on cost 77");
    ip("link set vb up");
    ip("link set br0 up");
    ip("address add 192.0.2.1/24 dev br0");
    ip("address add 192.0.2.2/24 dev br0");
    ip("address add 2001:db8::1/64 dev br0 nodad");
    ip("link add vx type vxlan id 5 dstport 4789 local 192.0.2.1 remote 192.0.2.9 nolearning");
    ip("link set vx up");
    ip("link add 0100 type bridge");
    ip("tuntap add tap0 mode tap");
    ip("link set tap0 master br0");
    ip("route add 198.51.100.0/24 via 192.0.2.254 metric 50");
    ip("route add blackhole 203.0.113.0/24 table 100");
    ip("-6 route add 2001:db8:5::/64 via 2001:db8::9");
    const Network network = observed();
    EXPECT_EQ(rest(network, written(network, Notation::yaml)), "");
    EXPECT_EQ(rest(network, written(network, Notation::json)), "");
    const auto text = written(network, Notation::yaml);
    EXPECT_EQ(text.find("tap0"), std::string::npos) << text;
    EXPECT_NE(text.find("# 0100: is switched off, and left as it is\n"), std::string::npos) << text;
    EXPECT_NE(text.find("      stp-hairpin-mode: true\n      stp-path-cost: 77\n"), std::string::npos) << text;
}

TEST_F(StateTest, AChangeBehindTheFilesBackIsWork)
{
    ip("link add br0 type bridge");
    ip("link set br0 up");
    const auto text = written(observed(), Notation::yaml);
    ip("link set br0 type bridge ageing_time 5000");
    ip("address add 192.0.2.1/24 dev br0");
    const auto work = rest(observed(), text);
    EXPECT_NE(work.find("192.0.2.1/24"), std::string::npos) << work;
    EXPECT_EQ(std::ranges::count(work, '\n'), 2) << work;
}

TEST_F(StateTest, PortsOfWhichOneIsOffAreNotListed)
{
    ip("link add br0 type bridge");
    ip("link add vx type vxlan id 5 dstport 4789 remote 192.0.2.9");
    ip("link set vx master br0");
    ip("link set br0 up");
    const Network network = observed();
    const auto text = written(network, Notation::yaml);
    EXPECT_EQ(rest(network, text), "");
    EXPECT_NE(text.find("# br0: its ports are not listed, for 'vx' is switched off\n"), std::string::npos) << text;
}

/// The kernel takes each option with the width that the tables say, and tells it so again.
TEST_F(StateTest, TheTablesHaveTheKernelsWidths)
{
    ip("link add br0 type bridge");
    ip("link add va type veth peer name vb");
    ip("link set va master br0");
    ip("link add vx type vxlan id 5 dstport 4789 local 192.0.2.1 remote 192.0.2.9");
    const Network network = observed();
    const auto check = [](const LinkOptions& told, std::span<const OptionSpec> specs, std::size_t least) {
        std::size_t seen = 0;
        for (const OptionSpec& spec : specs) {
            if (const LinkOption* option = find(told, spec.type)) {
                const auto again = read_option(spec, option_text(spec, *option));
                ASSERT_TRUE(again) << spec.key << ": " << again.error().message;
                EXPECT_EQ(*again, *option) << spec.key;
                ++seen;
            }
        }
        EXPECT_GE(seen, least);
    };
    check(find(network, LinkName::from_kernel("br0"))->options, bridge_options(), 25);
    check(find(network, LinkName::from_kernel("va"))->port_options, bridge_port_options(), 17);
    check(find(network, LinkName::from_kernel("vx"))->options, vxlan_options(), 5);
}

}  // namespace
}  // namespace kvmkit::net
