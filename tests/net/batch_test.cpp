// SPDX-License-Identifier: Apache-2.0
// Many steps in few system calls, on a real kernel.
#include "net/netlink/bridge_options.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/row.hpp"
#include "support/private_netns.hpp"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace kvmkit::net {
namespace {

constexpr std::uint32_t mark = 0x40000077U;

LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

Step bridge(int number)
{
    return {CreateLink{
        .name = name("b" + std::to_string(number)), .kind = "bridge", .mark = mark, .options = new_bridge_options()}};
}

std::vector<Step> bridges(int count)
{
    std::vector<Step> steps;
    for (int number = 0; number < count; ++number) {
        steps.push_back(bridge(number));
        steps.push_back({SwitchUp{name("b" + std::to_string(number))}});
    }
    return steps;
}

/// The newest netlink socket of this process is the one that requests go out through.
int newest_socket()
{
    int newest = -1;
    for (int fd = 0; fd < 256; ++fd) {
        sockaddr_nl address{};
        socklen_t size = sizeof(address);
        const bool told = ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
        newest = told && address.nl_family == AF_NETLINK ? fd : newest;
    }
    return newest;
}

class BatchTest : public testing::PrivateNetns {
protected:
    static RouteSocket socket()
    {
        auto opened = RouteSocket::open();
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(*opened);
    }

    /// How many windows the row took; 0: the kernel refused a step.
    static std::size_t run(Row& row, RouteSocket& route)
    {
        std::size_t windows = 0;
        while (const std::size_t together = row.next(route, 10000)) {
            if (const auto failure = row.make(route, together)) {
                ADD_FAILURE() << failure->error.message;
                return 0;
            }
            ++windows;
        }
        return windows;
    }
};

TEST_F(BatchTest, LaterStepsNameTheLinksOfEarlierOnesBeforeTheseAreThere)
{
    ip("link add p0 type veth peer name p1");
    auto route = socket();
    const std::vector<Step> steps{
        bridge(0),
        {Attach{name("p0"), name("b0")}},
        {AddAddress{name("b0"), *InterfaceAddress::parse("192.0.2.1/24")}},
        {SwitchUp{name("b0"), 0U}},
        {AddRoute{{.destination = *Prefix::parse("10.0.0.0/8"), .link = name("b0"), .scope = 253}}}};
    Row row;
    const auto inverses = row.pack_changes(steps, *route.observe());
    ASSERT_TRUE(inverses) << inverses.error().message;
    ASSERT_EQ(inverses->size(), steps.size());
    EXPECT_EQ(run(row, route), 1U);
    const auto network = route.observe();
    const Link* made = find(*network, name("b0"));
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(find(*network, name("p0"))->master, made->index);
    EXPECT_EQ(made->addresses.front().str(), "192.0.2.1/24");
    EXPECT_EQ(network->routes.size(), 1U);

    std::vector<Step> back;
    for (auto inverse = inverses->rbegin(); inverse != inverses->rend(); ++inverse) {
        back.push_back(**inverse);
    }
    EXPECT_EQ(row.pack_undoing(back, *network), back.size());
    run(row, route);
    EXPECT_EQ(ip_json("link show").size(), 3U);
    EXPECT_EQ(row.pack_undoing(back, *route.observe()), back.size());
    run(row, route);  // harmless where there is nothing to undo
    EXPECT_EQ(ip_json("link show").size(), 3U);
}

TEST_F(BatchTest, ASmallReceiveBufferMakesSmallWindowsAndLosesNothing)
{
    auto route = socket();
    const int tiny = 1;  // the kernel makes its least of it
    ASSERT_EQ(::setsockopt(newest_socket(), SOL_SOCKET, SO_RCVBUF, &tiny, sizeof(tiny)), 0);
    Row row;
    ASSERT_TRUE(row.pack_changes(bridges(40), *route.observe()));
    EXPECT_GE(run(row, route), 40U);
    EXPECT_EQ(ip_json("link show").size(), 41U);
}

TEST_F(BatchTest, LostAnswersEndTheRowAndWhatWasMadeIsLookedAt)
{
    auto route = socket();
    const int small = 32768;
    const int group = RTNLGRP_LINK;
    ASSERT_EQ(::setsockopt(newest_socket(), SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    // The news of each link take the room of the answers.
    ASSERT_EQ(::setsockopt(newest_socket(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)), 0);
    Row row;
    const auto steps = bridges(100);
    ASSERT_TRUE(row.pack_changes(steps, *route.observe()));
    const std::size_t together = row.next(route, steps.size());
    ASSERT_LT(together, steps.size());
    ASSERT_FALSE(row.make(route, together));
    EXPECT_EQ(row.next(route, steps.size()), 0U) << "no answer was lost, so that this tests nothing";
    EXPECT_EQ(row.made(), together);
    EXPECT_GE(ip_json("link show").size(), together / 2);
}

TEST_F(BatchTest, TheRefusedStepIsNamedAndTheAttributeThatTheKernelDoesNotLike)
{
    ip("link add b2 type bridge");
    auto route = socket();
    Row row;
    auto steps = bridges(4);
    std::get<CreateLink>(steps[2].action).options = {{IFLA_BR_FORWARD_DELAY, "x"}};
    std::get<CreateLink>(steps[4].action).name = name("c2");
    ASSERT_TRUE(row.pack_changes(steps, *route.observe()));
    const auto failure = row.make(route, row.next(route, steps.size()));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->step, 2U);
    EXPECT_EQ(failure->attribute, (std::vector<std::uint16_t>{IFLA_LINKINFO, IFLA_INFO_DATA, IFLA_BR_FORWARD_DELAY}));
    EXPECT_NE(failure->error.message.find("cannot create bridge 'b1': "), std::string::npos) << failure->error.message;
}

TEST_F(BatchTest, AMarkedGroupGoesAtOnceAndNoOtherLinkWithIt)
{
    auto route = socket();
    Row row;
    ASSERT_TRUE(row.pack_changes(bridges(20), *route.observe()));
    run(row, route);
    std::vector<Step> gone;
    for (int number = 0; number < 19; ++number) {
        gone.push_back({DeleteLink{name("b" + std::to_string(number)), "bridge"}});
    }
    auto bystander = route.observe();
    ASSERT_TRUE(row.pack_changes(gone, *bystander));
    EXPECT_EQ(row.next(route, 1), 1U) << "b19 has the mark, too, and must stay: one by one";
    gone.push_back({DeleteLink{name("b19"), "bridge"}});
    ASSERT_TRUE(row.pack_changes(gone, *bystander));
    EXPECT_EQ(row.next(route, 1), 20U);
    run(row, route);
    EXPECT_EQ(ip_json("link show").size(), 1U);
}

}  // namespace
}  // namespace kvmkit::net
