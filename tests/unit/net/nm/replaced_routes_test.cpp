// SPDX-License-Identifier: Apache-2.0
#include "net/nm/replaced_routes.hpp"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

constexpr int card = 2;

Packet route(const std::string& network, std::uint32_t metric, const std::string& gateway = {})
{
    rtmsg head{};
    head.rtm_family = AF_INET;
    head.rtm_dst_len = network.empty() ? 0 : 24;
    head.rtm_type = RTN_UNICAST;
    Packet packet = make_packet(RTM_NEWROUTE, 0, head);
    put_number(packet, RTA_OIF, card);
    put_number(packet, RTA_PRIORITY, metric);
    if (!network.empty()) {
        put(packet, RTA_DST, network);
    }
    if (!gateway.empty()) {
        put(packet, RTA_GATEWAY, gateway);
    }
    return packet;
}

const std::string network{"\x0a\x00\x00\x00", 4};
const std::string other_network{"\x0a\x00\x01\x00", 4};
const std::string gateway{"\x0a\x00\x00\x01", 4};

TEST(ReplacedRoutes, AreThoseThatWereMadeAnewWithAnotherMetric)
{
    const Snapshot before{.routes = {route(network, 425), route("", 425, gateway), route(other_network, 425)}};
    Snapshot after = before;
    after.routes.push_back(route(network, 100));
    after.routes.push_back(route("", 100, gateway));
    EXPECT_EQ(replaced_routes(before, after), (std::vector{route(network, 425), route("", 425, gateway)}));
}

TEST(ReplacedRoutes, AreNoneWhereBothWereThereBeforeOrTheWayIsAnother)
{
    const Snapshot both{.routes = {route(network, 425), route(network, 100)}};
    EXPECT_TRUE(replaced_routes(both, both).empty());
    const Snapshot before{.routes = {route("", 425, gateway)}};
    Snapshot after = before;
    after.routes.push_back(route("", 100));
    EXPECT_TRUE(replaced_routes(before, after).empty());
    EXPECT_TRUE(replaced_routes(before, {.routes = {route("", 100, gateway)}}).empty());
}

}  // namespace
}  // namespace kvmkit::net
