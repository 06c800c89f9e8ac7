// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/read_facts.hpp"
#include "net/netlink/route_socket.hpp"
#include "support/private_netns.hpp"

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

class DoctorFactsTest : public testing::PrivateNetns {
protected:
    static DoctorFacts facts()
    {
        auto route = RouteSocket::open();
        EXPECT_TRUE(route) << route.error().message;
        auto network = route->observe();
        EXPECT_TRUE(network) << network.error().message;
        return read_facts(std::move(*network));
    }

    static const LinkFacts* of(const DoctorFacts& facts, const std::string& name)
    {
        const Link* link = find(facts.network, LinkName::from_kernel(name));
        return link != nullptr ? facts_of(facts, *link) : nullptr;
    }
};

/// The /sys that is mounted is another namespace's; the MAC's origin stands nowhere else.
TEST_F(DoctorFactsTest, AreThoseOfTheNamespaceThatTheThreadIsIn)
{
    ip("link add pinned address 02:00:00:00:00:07 type bridge");
    ip("link add loose type bridge");
    const DoctorFacts told = facts();
    ASSERT_NE(of(told, "pinned"), nullptr);
    EXPECT_EQ(of(told, "pinned")->address_assign_type, 3U);
    EXPECT_EQ(of(told, "loose")->address_assign_type, 1U);
}

TEST_F(DoctorFactsTest, HoldWhatThePortsHardwareFilters)
{
    ip("link add br0 type bridge");
    ip("link add p0 type veth peer name p1");
    ip("link set p0 master br0");
    const DoctorFacts told = facts();
    ASSERT_NE(of(told, "p0"), nullptr);
    EXPECT_EQ(of(told, "p0")->filters_vlans, false);
    EXPECT_EQ(of(told, "p1")->filters_vlans, std::nullopt) << "not asked: it is no port";
}

TEST_F(DoctorFactsTest, ListeningEndsInTime)
{
    const auto heard = listen_for_bpdus({1}, std::chrono::milliseconds{20});
    ASSERT_TRUE(heard) << heard.error().message;
    EXPECT_TRUE(heard->empty());
}

}  // namespace
}  // namespace kvmkit::net
