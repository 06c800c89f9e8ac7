// SPDX-License-Identifier: Apache-2.0
#include "facts/ipv4_claim.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using Kind = Ipv4Claim::Kind;

Ipv4Range range(std::string_view text)
{
    return parse_ipv4_range(text).value();
}

std::uint32_t address(std::string_view text)
{
    return parse_ipv4(text).value();
}

const Ipv4Range shipped = range("192.168.122.0/24");

TEST(Ipv4Claim, SaysWhatUsesTheAddresses)
{
    EXPECT_EQ(describe({Kind::address, "eth0", range("192.168.122.0/24"), address("192.168.122.50")}),
              "address 192.168.122.50/24 of eth0");
    EXPECT_EQ(describe({Kind::route, "tun0", range("10.0.0.0/8"), 0}), "route to 10.0.0.0/8 by tun0");
    EXPECT_EQ(describe({Kind::route, "", range("10.0.0.0/8"), 0}), "route to 10.0.0.0/8");
    EXPECT_EQ(describe({Kind::gateway, "eth0", range("192.168.122.1/32"), address("192.168.122.1")}),
              "gateway 192.168.122.1 of eth0");
}

TEST(Ipv4Claim, StandsInTheWayByAnyAddressWhereARangeIsChosen)
{
    const std::vector<Ipv4Claim> wide{{Kind::route, "tun0", range("192.168.0.0/16"), 0}};
    EXPECT_TRUE(find_claim(wide, shipped, "virbr0", Clash::any));
    EXPECT_FALSE(find_claim(wide, shipped, "virbr0", Clash::hard)) << "the network's own route is narrower, and wins";
    EXPECT_FALSE(find_claim(wide, range("10.0.0.0/24"), "virbr0", Clash::any));
}

TEST(Ipv4Claim, StandsInTheWayOfWhatIsInUseByWhatTheHostWouldLose)
{
    const std::vector<Ipv4Claim> gateway{{Kind::gateway, "eth0", range("192.168.122.1/32"), address("192.168.122.1")}};
    const std::vector<Ipv4Claim> wide_address{
        {Kind::address, "eth0", range("192.168.0.0/16"), address("192.168.122.9")}};
    const std::vector<Ipv4Claim> same{{Kind::route, "eth0", shipped, 0}};
    for (const auto& claims : {gateway, wide_address, same}) {
        EXPECT_TRUE(find_claim(claims, shipped, "virbr0", Clash::hard)) << describe(claims.front());
    }
    EXPECT_FALSE(find_claim(std::vector<Ipv4Claim>{{Kind::route, "virbr0", shipped, 0}}, shipped, "virbr0", Clash::any))
        << "the network's own";
    EXPECT_TRUE(find_claim(std::vector<Ipv4Claim>{{Kind::route, "", shipped, 0}}, shipped, "", Clash::hard))
        << "a route of no device is nobody's own";
}

TEST(SpareRange, IsTheFirstThatNothingTouches)
{
    EXPECT_EQ(spare_range(std::vector<Ipv4Claim>{}), range("192.168.123.0/24"));
    EXPECT_EQ(spare_range(std::vector<Ipv4Claim>{{Kind::route, "a", range("192.168.123.128/25"), 0},
                                                 {Kind::route, "b", range("192.168.124.0/23"), 0}}),
              range("192.168.126.0/24"));
    EXPECT_EQ(spare_range(std::vector<Ipv4Claim>{{Kind::route, "a", range("192.168.0.0/16"), 0}}),
              range("172.30.0.0/24"));
    EXPECT_EQ(spare_range(std::vector<Ipv4Claim>{{Kind::route, "a", range("192.168.0.0/16"), 0},
                                                 {Kind::route, "b", range("172.16.0.0/12"), 0}}),
              range("10.123.0.0/24"));
    EXPECT_FALSE(spare_range(std::vector<Ipv4Claim>{{Kind::route, "a", range("192.168.0.0/16"), 0},
                                                    {Kind::route, "b", range("172.16.0.0/12"), 0},
                                                    {Kind::route, "c", range("10.0.0.0/8"), 0}}));
}

}  // namespace
}  // namespace kvmkit
