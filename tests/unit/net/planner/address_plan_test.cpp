// SPDX-License-Identifier: Apache-2.0
#include "net/planner/state_plan.hpp"

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

using Texts = std::vector<std::string>;

const Birthmark birthmark{MacAddress{{0x02, 0, 0, 0, 0, 0xff}}, 77};

LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

InterfaceAddress address(const std::string& text)
{
    return *InterfaceAddress::parse(text);
}

Link card(int index, const std::string& text)
{
    return {.name = name(text),
            .index = index,
            .mac = MacAddress{{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(index)}},
            .mtu = 1500,
            .up = true,
            .ethernet = true};
}

DesiredInterface wish(const std::string& text, const std::string& kind)
{
    return {.name = name(text), .kind = kind, .path = "interfaces[" + text + "]"};
}

DesiredNetwork wishes(std::vector<DesiredInterface> interfaces)
{
    return {.interfaces = std::move(interfaces)};
}

Texts texts(const Drafted& drafted)
{
    if (drafted.complaint) {
        return {"complaint: " + drafted.complaint->error.message + " @ " + drafted.complaint->at};
    }
    Texts texts;
    for (const Step& step : drafted.plan) {
        texts.push_back(describe(step.action));
    }
    return texts;
}

Texts plan(const Network& network, const DesiredNetwork& wanted)
{
    return texts(plan_state(network, wanted, birthmark));
}

TEST(AddressPlanTest, KeepsALeaseAndAsksForNone)
{
    auto link = card(2, "eth1");
    auto wanted = wish("eth1", "");
    wanted.ipv4.dhcp = true;
    const auto none = plan_state({{link}}, wishes({wanted}), birthmark);
    ASSERT_TRUE(none.complaint);
    EXPECT_EQ(none.complaint->error.code, ErrorCode::unsupported);
    link.addresses = {address("192.0.2.9/24")};
    EXPECT_TRUE(plan_state({{link}}, wishes({wanted}), birthmark).complaint) << "a fixed address is no lease";
    const Known known{.dhcp_links = {name("eth1")}};
    EXPECT_FALSE(plan_state({{link}}, wishes({wanted}), birthmark, known).complaint) << "not all give it a lifetime";
    link.leased = link.addresses;
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{});
}

TEST(AddressPlanTest, RefusesToEndALeaseThatWouldStay)
{
    auto link = card(2, "eth1");
    link.addresses = {address("192.0.2.9/24")};
    auto wanted = wish("eth1", "");
    wanted.ipv4.dhcp = false;
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{}) << "a fixed address";
    link.leased = link.addresses;
    EXPECT_TRUE(plan_state({{link}}, wishes({wanted}), birthmark).complaint);
    wanted.ipv4.addresses = {address("192.0.2.9/24")};
    EXPECT_TRUE(plan_state({{link}}, wishes({wanted}), birthmark).complaint);
    wanted.ipv4.addresses = {address("192.0.2.10/24")};
    EXPECT_FALSE(plan_state({{link}}, wishes({wanted}), birthmark).complaint) << "the lease's address goes";
}

TEST(AddressPlanTest, SetsLinkLocalAddressesThatAreNamedAndRemovesNone)
{
    auto link = card(2, "eth1");
    link.addresses = {address("fe80::9/64")};
    auto wanted = wish("eth1", "");
    wanted.ipv6.addresses = {address("fe80::7/64")};
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{"add address fe80::7/64 to eth1"});
    link.addresses.push_back(address("fe80::7/64"));
    EXPECT_EQ(plan({{link}}, wishes({wanted})), Texts{});
}

}  // namespace
}  // namespace kvmkit::net
