// SPDX-License-Identifier: Apache-2.0
#include "probe/ipv4_claims.hpp"

#include "support/private_netns.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace kvmkit {
namespace {

class Ipv4ClaimsTest : public testing::PrivateNetns {
protected:
    static std::set<std::string> claims()
    {
        std::set<std::string> texts;
        const auto found = ask_ipv4_claims();
        EXPECT_TRUE(found) << found.error().message;
        for (const Ipv4Claim& claim : found.value_or(std::vector<Ipv4Claim>{})) {
            texts.insert(describe(claim));
        }
        return texts;
    }
};

TEST_F(Ipv4ClaimsTest, AreNoneWithoutAddresses)
{
    ip("link set lo up");
    EXPECT_EQ(claims(), std::set<std::string>{});
}

TEST_F(Ipv4ClaimsTest, AreAddressesRoutesAndGatewaysOfAllTables)
{
    ip("link add up0 type veth peer name up1");
    ip("addr add 192.168.122.50/24 dev up0");
    ip("addr add 10.5.0.1 peer 10.6.0.0/16 dev up1");
    ip("link set up0 up");
    ip("link set up1 up");
    ip("route add default via 192.168.122.1");
    ip("route add 172.20.0.0/16 via 192.168.122.7");
    ip("route add 10.77.0.0/16 dev up1 table 52");
    ip("route add blackhole 10.99.0.0/24");
    ip("route add 10.88.0.0/16 nexthop via 192.168.122.8 nexthop dev up1");
    EXPECT_EQ(claims(),
              (std::set<std::string>{"address 192.168.122.50/24 of up0",
                                     "address 10.5.0.1/32 of up1",
                                     "route to 192.168.122.0/24 by up0",
                                     "route to 10.6.0.0/16 by up1",
                                     "gateway 192.168.122.1 of up0",
                                     "route to 172.20.0.0/16 by up0",
                                     "gateway 192.168.122.7 of up0",
                                     "route to 10.77.0.0/16 by up1",
                                     "route to 10.99.0.0/24",
                                     "route to 10.88.0.0/16",
                                     "gateway 192.168.122.8 of up0"}));
}

TEST_F(Ipv4ClaimsTest, AreThoseOfALinkThatIsDownToo)
{
    ip("link add up0 type veth peer name up1");
    ip("addr add 192.168.122.50/24 dev up0");
    EXPECT_EQ(claims(), std::set<std::string>{"address 192.168.122.50/24 of up0"}) << "it has no route yet";
}

TEST_F(Ipv4ClaimsTest, AreAllOfThemWhereTheyFillSeveralAnswers)
{
    constexpr int many = 3000;
    ip("link add up0 type veth peer name up1");
    ip("addr add 10.0.0.1/24 dev up0");
    ip("link set up0 up");
    std::string batch;
    for (int i = 0; i < many; ++i) {
        batch += fmt::format("route add 172.16.{}.{}/32 dev up0\n", i / 200, i % 200);
    }
    const testing::TemporaryFolder folder;
    folder.write("batch", batch);
    ip("-batch " + (folder.path() / "batch").string());
    EXPECT_EQ(claims().size(), static_cast<std::size_t>(many + 2));
}

}  // namespace
}  // namespace kvmkit
