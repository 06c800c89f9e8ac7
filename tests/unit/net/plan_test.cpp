// SPDX-License-Identifier: Apache-2.0
#include "net/planner/plan.hpp"

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

const MacAddress own_mac{{0x02, 0, 0, 0, 0, 1}};
const MacAddress card_mac{{0x52, 0x54, 0, 0, 0, 7}};
const Birthmark birthmark{own_mac, 77};

Link card(int index, const std::string& text)
{
    return {.name = name(text), .index = index, .kind = "veth", .mac = card_mac, .mtu = 1500, .ethernet = true};
}

Link bridge(int index, const std::string& text)
{
    Link link = card(index, text);
    link.kind = "bridge";
    link.up = true;
    return link;
}

std::vector<std::string> texts(const Result<Plan>& plan)
{
    if (!plan) {
        return {"error: " + plan.error().message};
    }
    std::vector<std::string> texts;
    for (const Step& step : *plan) {
        texts.push_back(describe(step.action));
    }
    return texts;
}

using Texts = std::vector<std::string>;

TEST(BridgeAddPlanTest, MakesBridgePortsAndAddressInAnOrderThatTheKernelTakes)
{
    const Network network{{card(2, "eth1"), card(3, "eth2")}};
    const auto plan = plan_bridge_add(
        network,
        {name("br0"), {name("eth1"), name("eth2"), name("eth1")}, {*InterfaceAddress::parse("192.0.2.1/24")}, 1400},
        birthmark);
    EXPECT_EQ(texts(plan),
              (Texts{"create bridge br0 with MAC 52:54:00:00:00:07",
                     "attach eth1 to br0",
                     "switch eth1 up",
                     "attach eth2 to br0",
                     "switch eth2 up",
                     "set the MTU of br0 to 1400",
                     "add address 192.0.2.1/24 to br0",
                     "switch br0 up"}));
}

TEST(BridgeAddPlanTest, WithoutPortsTakesAMacOfItsOwn)
{
    EXPECT_EQ(texts(plan_bridge_add({}, {name("br0")}, birthmark)),
              (Texts{"create bridge br0 with MAC 02:00:00:00:00:01", "switch br0 up"}));
}

TEST(BridgeAddPlanTest, CreatesWithSpanningTreeOffAndNoDelayUnderItsMark)
{
    const auto plan = plan_bridge_add({}, {name("br0")}, birthmark);
    const auto& create = std::get<CreateLink>(plan->front().action);
    EXPECT_EQ(create.mark, 77U);
    ASSERT_EQ(create.options.size(), 2U);
    EXPECT_EQ(create.options[0].bytes, std::string(4, '\0'));
    // The last step takes the mark away: from then on the bridge is the user's.
    EXPECT_EQ(std::get<SwitchUp>(plan->back().action).group, 0U);
}

TEST(BridgeAddPlanTest, IsEmptyOnceTheWorldIsAsWanted)
{
    Network network{{bridge(2, "br0"), card(3, "eth1")}};
    network.links[1].master = 2;
    network.links[1].up = true;
    network.links[0].addresses = {*InterfaceAddress::parse("192.0.2.1/24")};
    EXPECT_EQ(
        texts(plan_bridge_add(network, {name("br0"), {name("eth1")}, network.links[0].addresses, 1500}, birthmark)),
        Texts{});
}

TEST(BridgeAddPlanTest, GivesAnExistingBridgeWhatItLacksAndLeavesTheRest)
{
    Network network{{bridge(2, "br0"), card(3, "vnet0"), card(4, "eth1")}};
    network.links[0].up = false;
    network.links[1].master = 2;
    EXPECT_EQ(texts(plan_bridge_add(network, {name("br0"), {name("eth1")}}, birthmark)),
              (Texts{"attach eth1 to br0", "switch eth1 up", "switch br0 up"}));
}

struct Case {
    const char* what;
    Link port;
    ErrorCode code;
    const char* says;
};

Link with(void (*change)(Link&))
{
    Link link = card(3, "eth1");
    change(link);
    return link;
}

TEST(BridgeAddPlanTest, RefusesPortsThatWouldCutTheHostOffOrCannotBeOne)
{
    const auto refused = ErrorCode::refused;
    const std::vector<Case> cases{
        {"address",
         with([](Link& l) { l.addresses = {*InterfaceAddress::parse("192.0.2.9/24")}; }),
         refused,
         "it carries the host's address 192.0.2.9/24; as a port it would cut the host off"},
        {"route",
         with([](Link& l) {
             l.routes = {"default", "10.0.0.0/8"};
         }),
         refused,
         "the host's routes lead through it (default, 10.0.0.0/8); as a port it would cut the host off"},
        {"loopback", with([](Link& l) { l.loopback = true; }), refused, "it is the loopback link"},
        {"bridge", with([](Link& l) { l.kind = "bridge"; }), refused, "it is itself a bridge"},
        {"tun", with([](Link& l) { l.ethernet = false; }), refused, "it carries no Ethernet frames"},
        {"other bridge", with([](Link& l) { l.master = 9; }), refused, "it is already a port of 'br9'"},
        {"unknown master", with([](Link& l) { l.master = 8; }), refused, "it is already a port of 'link 8'"},
    };
    for (const Case& it : cases) {
        const Network network{{bridge(9, "br9"), it.port}};
        const auto plan = plan_bridge_add(network, {name("br0"), {name("eth1")}}, birthmark);
        ASSERT_FALSE(plan) << it.what;
        EXPECT_EQ(plan.error().code, it.code) << it.what;
        EXPECT_EQ(plan.error().message, std::string{"cannot attach port 'eth1' to 'br0': "} + it.says);
        EXPECT_FALSE(plan.error().hint.empty()) << it.what;
    }
}

TEST(BridgeAddPlanTest, TakesAPortThatHasOnlyItsIpv6LinkLocalAddress)
{
    Network network{{card(3, "eth1")}};
    network.links[0].addresses = {*InterfaceAddress::parse("fe80::1/64")};
    EXPECT_EQ(texts(plan_bridge_add(network, {name("br0"), {name("eth1")}}, birthmark)).size(), 4U);
}

TEST(BridgeAddPlanTest, RefusesAPortThatDoesNotExistAndANameThatIsNoBridges)
{
    const auto no_port = plan_bridge_add({}, {name("br0"), {name("eth9")}}, birthmark);
    ASSERT_FALSE(no_port);
    EXPECT_EQ(no_port.error().code, ErrorCode::not_found);
    EXPECT_EQ(no_port.error().message, "cannot attach port 'eth9' to 'br0': it does not exist");

    const auto no_bridge = plan_bridge_add({{card(2, "eth1")}}, {name("eth1")}, birthmark);
    ASSERT_FALSE(no_bridge);
    EXPECT_EQ(no_bridge.error().code, ErrorCode::refused);
    EXPECT_EQ(no_bridge.error().message, "cannot add bridge 'eth1': it is a link of kind veth, no bridge");
}

TEST(BridgeAddPlanTest, RefusesAnMtuThatAPortDoesNotHave)
{
    const auto plan = plan_bridge_add({{card(3, "eth1")}}, {name("br0"), {name("eth1")}, {}, 9000}, birthmark);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().code, ErrorCode::refused);
    EXPECT_EQ(plan.error().message, "cannot set the MTU of bridge 'br0' to 9000: its port 'eth1' has only 1500");
}

TEST(BridgeDelPlanTest, FreesAddressesAndPortsThenDeletes)
{
    Network network{{bridge(2, "br0"), card(3, "eth1"), card(4, "eth2")}};
    network.links[1].master = 2;
    network.links[0].addresses = {*InterfaceAddress::parse("192.0.2.1/24"),
                                  *InterfaceAddress::parse("192.0.2.2/24"),
                                  *InterfaceAddress::parse("fe80::1/64")};
    EXPECT_EQ(texts(plan_bridge_del(network, {name("br0")})),
              (Texts{"switch br0 down",
                     "remove address 192.0.2.2/24 from br0",
                     "remove address 192.0.2.1/24 from br0",
                     "release eth1 from br0",
                     "delete bridge br0"}));
}

TEST(BridgeDelPlanTest, OfABridgeThatIsNotThereIsEmpty)
{
    EXPECT_EQ(texts(plan_bridge_del({}, {name("br0")})), Texts{});
}

TEST(BridgeDelPlanTest, RefusesWhatIsNoBridgeOrWhatOthersNeed)
{
    const auto no_bridge = plan_bridge_del({{card(2, "eth1")}}, {name("eth1")});
    ASSERT_FALSE(no_bridge);
    EXPECT_EQ(no_bridge.error().message, "cannot delete bridge 'eth1': it is a link of kind veth, no bridge");

    Network routed{{bridge(2, "br0")}};
    routed.links[0].routes = {"default"};
    const auto uplink = plan_bridge_del(routed, {name("br0"), Taps::release});
    ASSERT_FALSE(uplink);
    EXPECT_EQ(uplink.error().code, ErrorCode::refused);
    EXPECT_EQ(uplink.error().message, "cannot delete bridge 'br0': routes lead through it (default)");

    Network with_vm{{bridge(2, "br0"), card(3, "vnet0")}};
    with_vm.links[1].kind = "tun";
    with_vm.links[1].master = 2;
    const auto busy = plan_bridge_del(with_vm, {name("br0")});
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().code, ErrorCode::refused);
    EXPECT_EQ(busy.error().message, "cannot delete bridge 'br0': VMs are connected to it (vnet0)");
    EXPECT_TRUE(plan_bridge_del(with_vm, {name("br0"), Taps::release}));
}

TEST(BirthmarkTest, IsNeverTheDefaultGroupAndDiffers)
{
    const auto one = new_birthmark();
    const auto two = new_birthmark();
    ASSERT_TRUE(one && two);
    EXPECT_NE(one->mark, 0U);
    EXPECT_LT(one->mark, 0x80000000U);
    EXPECT_NE(one->mark, two->mark);
}

}  // namespace
}  // namespace kvmkit::net
