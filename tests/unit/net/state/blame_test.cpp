// SPDX-License-Identifier: Apache-2.0
#include "net/state/blame.hpp"

#include "net/netlink/parcel.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

Step step(Action action)
{
    return {std::move(action), std::nullopt, "interfaces[0]"};
}

TEST(BlameTest, AnOffsetIsFoundAmongTheAttributesOfARequest)
{
    const CreateLink create{
        .name = name("br0"), .kind = "bridge", .mtu = 1400, .options = {number_option(IFLA_BR_MAX_AGE, 7, 4)}};
    const auto parcel = pack(create, {});
    ASSERT_TRUE(parcel);
    const std::string& request = parcel->requests.front();
    std::vector<std::vector<std::uint16_t>> found;
    for (std::uint32_t offset = 0; offset < request.size(); ++offset) {
        if (auto path = attribute_at(request, offset); !path.empty()) {
            found.push_back(std::move(path));
        }
    }
    EXPECT_EQ(found,
              (std::vector<std::vector<std::uint16_t>>{{IFLA_IFNAME},
                                                       {IFLA_GROUP},
                                                       {IFLA_LINKINFO},
                                                       {IFLA_LINKINFO, IFLA_INFO_KIND},
                                                       {IFLA_LINKINFO, IFLA_INFO_DATA},
                                                       {IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_BR_MAX_AGE}}));
    EXPECT_TRUE(attribute_at({}, 16).empty());
    EXPECT_TRUE(attribute_at(request, static_cast<std::uint32_t>(request.size())).empty());
}

TEST(BlameTest, TheAttributeTellsTheKey)
{
    const CreateLink bridge{.name = name("br0"), .kind = "bridge"};
    const auto max_age = std::vector<std::uint16_t>{IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_BR_MAX_AGE};
    EXPECT_EQ(blamed_path(step(bridge), max_age), "interfaces[0].bridge.options.stp.max-age");
    EXPECT_EQ(blamed_path(step(bridge), {IFLA_MTU}), "interfaces[0].mtu");
    EXPECT_EQ(blamed_path(step(bridge), {IFLA_ADDRESS}), "interfaces[0].mac-address");
    EXPECT_EQ(blamed_path(step(bridge), {IFLA_LINKINFO, IFLA_INFO_KIND}), "interfaces[0].type");
    EXPECT_EQ(blamed_path(step(bridge), {}), "interfaces[0]");
    EXPECT_EQ(
        blamed_path(step(CreateLink{.name = name("v"), .kind = "vlan"}), {IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_VLAN_ID}),
        "interfaces[0].vlan.id");
    EXPECT_EQ(blamed_path(step(CreateLink{.name = name("v"), .kind = "vlan"}), {IFLA_LINK}),
              "interfaces[0].vlan.base-iface");
    EXPECT_EQ(blamed_path(step(CreateLink{.name = name("b"), .kind = "bond"}),
                          {IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_BOND_MODE}),
              "interfaces[0].link-aggregation.mode");
    EXPECT_EQ(blamed_path({AddRoute{{*Prefix::parse("10.0.0.0/8")}}, std::nullopt, "routes.config[1]"}, {RTA_GATEWAY}),
              "routes.config[1].next-hop-address");
}

TEST(BlameTest, AStepThatIsAboutOneKeyTellsItToo)
{
    EXPECT_EQ(blamed_path(step(SetMtu{name("br0"), 9000}), {}), "interfaces[0].mtu");
    EXPECT_EQ(blamed_path(step(SetOptions{name("br0"), "bridge", {number_option(IFLA_BR_AGEING_TIME, 1, 4)}}), {}),
              "interfaces[0].bridge.options.mac-ageing-time");
    EXPECT_EQ(blamed_path(step(SetPortOptions{name("p0"), {number_option(IFLA_BRPORT_COST, 1, 4)}}), {}),
              "interfaces[0].stp-path-cost");
    EXPECT_EQ(blamed_path({SetMtu{name("br0"), 9000}}, {}), "");
}

}  // namespace
}  // namespace kvmkit::net
