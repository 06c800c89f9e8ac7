// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/route_socket.hpp"

#include "net/netlink/bridge_options.hpp"
#include "net/netlink/link_kinds.hpp"
#include "support/private_netns.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <set>

namespace kvmkit::net {
namespace {

LinkName name(const std::string& text)
{
    return LinkName::from_kernel(text);
}

/// Each test talks to a kernel that holds nothing but lo and what the test made.
class RouteSocketTest : public testing::PrivateNetns {
protected:
    static RouteSocket socket()
    {
        auto opened = RouteSocket::open();
        EXPECT_TRUE(opened) << opened.error().message;
        return std::move(*opened);
    }

    static Link link(RouteSocket& route, const std::string& text)
    {
        const auto network = route.observe();
        EXPECT_TRUE(network) << network.error().message;
        const Link* found = find(*network, name(text));
        EXPECT_NE(found, nullptr) << text;
        return found != nullptr ? *found : Link{};
    }

    static CreateLink bridge(const std::string& text)
    {
        return {.name = name(text),
                .kind = "bridge",
                .mac = MacAddress{{0x02, 0, 0, 0, 0, 9}},
                .mark = 77,
                .options = new_bridge_options()};
    }

    /// On the links as they are.
    static Result<void> make(RouteSocket& route, const Action& action)
    {
        const auto network = route.observe();
        return network ? route.make(action, *network) : Result<void>{network.error()};
    }
};

TEST_F(RouteSocketTest, SeesWhatIpSees)
{
    ip("link add br0 type bridge");
    ip("link add p0 type veth peer name p1");
    ip("link set p0 master br0 up");
    ip("link set p1 mtu 1400");
    ip("tuntap add tap0 mode tap");
    ip("addr add 192.0.2.1/24 dev br0");
    ip("addr add 2001:db8::1/64 dev br0");
    auto route = socket();
    const auto network = route.observe();
    ASSERT_TRUE(network) << network.error().message;
    const auto seen = ip_json("-d addr show");
    ASSERT_EQ(seen.size(), network->links.size());
    for (const auto& other : seen) {
        const Link* own = find(*network, name(other.at("ifname").get<std::string>()));
        ASSERT_NE(own, nullptr) << other;
        EXPECT_EQ(own->index, other.at("ifindex").get<int>());
        EXPECT_EQ(own->mtu, other.at("mtu").get<unsigned>());
        EXPECT_EQ(own->mac->str(), other.at("address").get<std::string>());
        const bool has_kind = other.contains("linkinfo") && other["linkinfo"].contains("info_kind");
        EXPECT_EQ(own->kind, has_kind ? other["linkinfo"]["info_kind"].get<std::string>() : "");
        std::set<std::string> addresses;
        for (const auto& address : other.at("addr_info")) {
            addresses.insert(address.at("local").get<std::string>() + "/" + address.at("prefixlen").dump());
        }
        std::set<std::string> own_addresses;
        for (const auto& address : own->addresses) {
            own_addresses.insert(address.str());
        }
        EXPECT_EQ(own_addresses, addresses) << own->name.str();
    }
    EXPECT_EQ(find(*network, name("p0"))->master, find(*network, name("br0"))->index);
    EXPECT_TRUE(find(*network, name("tap0"))->is_tap());
    EXPECT_TRUE(find(*network, name("lo"))->loopback);
    EXPECT_FALSE(find(*network, name("p0"))->wireless);
}

TEST_F(RouteSocketTest, TellsLeasedAddressesFromFixedOnes)
{
    ip("link add br0 type bridge");
    ip("address add 192.0.2.1/24 dev br0");
    ip("address add 192.0.2.2/24 dev br0 valid_lft 1000 preferred_lft 1000");
    auto route = socket();
    const auto br0 = link(route, "br0");
    EXPECT_EQ(br0.addresses.size(), 2U);
    EXPECT_EQ(br0.leased, (std::vector{InterfaceAddress::parse("192.0.2.2/24").value()}));
}

TEST_F(RouteSocketTest, SeesTheRoutesThatSomebodySetAndNotTheKernelsOwn)
{
    ip("link add p0 type veth peer name p1");
    ip("link set p0 up");
    ip("link set p1 up");
    ip("addr add 192.0.2.1/24 dev p0");
    auto route = socket();
    EXPECT_TRUE(link(route, "p0").routes.empty());
    ip("route add default via 192.0.2.254");
    ip("route add 10.0.0.0/8 nexthop via 192.0.2.253 dev p0 nexthop via 192.0.2.252 dev p0");
    ip("-6 route add 2001:db8:1::/48 dev p0");
    ip("route add 198.51.100.0/24 dev p1 table 100");
    auto routes = link(route, "p0").routes;
    std::ranges::sort(routes);
    EXPECT_EQ(routes, (std::vector<std::string>{"10.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48", "default"}));
    EXPECT_EQ(link(route, "p1").routes, std::vector<std::string>{"198.51.100.0/24"});
}

TEST_F(RouteSocketTest, CreatesABridgeWithItsMacPinnedAndNoDelayInOneMessage)
{
    auto route = socket();
    const auto made = make(route, bridge("br0"));
    ASSERT_TRUE(made) << made.error().message;
    const auto seen = ip_link("br0");
    EXPECT_EQ(seen.at("address"), "02:00:00:00:00:09");
    EXPECT_EQ(seen.at("linkinfo").at("info_data").at("stp_state"), 0);
    EXPECT_EQ(seen.at("linkinfo").at("info_data").at("forward_delay"), 0);
    EXPECT_EQ(seen.at("group"), "77");
    // Pinned: a port with a lower MAC does not change it.
    ip("link add p0 address 02:00:00:00:00:01 type veth peer name p1");
    ip("link set p0 master br0");
    EXPECT_EQ(ip_link("br0").at("address"), "02:00:00:00:00:09");
}

TEST_F(RouteSocketTest, GivesABridgeBackTheSettingsItReadFromOne)
{
    ip("link add br0 type bridge stp_state 1 forward_delay 700 ageing_time 12300 mcast_snooping 0 priority 4096 "
       "group_fwd_mask 8");
    auto route = socket();
    CreateLink copy = bridge("br1");
    copy.options = to_give_back("bridge", link(route, "br0").options);
    ASSERT_GT(copy.options.size(), 10U);
    const auto made = make(route, copy);
    ASSERT_TRUE(made) << made.error().message;
    const auto first = ip_link("br0").at("linkinfo").at("info_data");
    const auto second = ip_link("br1").at("linkinfo").at("info_data");
    for (const auto* setting : {"stp_state",
                                "forward_delay",
                                "ageing_time",
                                "mcast_snooping",
                                "priority",
                                "group_fwd_mask",
                                "hello_time",
                                "max_age",
                                "mcast_hash_max",
                                "nf_call_iptables"}) {
        EXPECT_EQ(first.at(setting), second.at(setting)) << setting;
    }
}

TEST_F(RouteSocketTest, CarriesTheKernelsOwnWords)
{
    ip("link add br0 type bridge");
    ip("link add br1 type bridge");
    auto route = socket();
    const auto nested = make(route, Attach{name("br1"), name("br0")});
    ASSERT_FALSE(nested);
    EXPECT_EQ(nested.error().message,
              "cannot attach port 'br1' to 'br0': Can not enslave a bridge to a bridge (ELOOP)");
    ip("link add p0 type veth peer name p1");
    const auto mtu = make(route, SetMtu{name("p0"), 65536000});
    ASSERT_FALSE(mtu);
    EXPECT_EQ(mtu.error().message,
              "cannot set the MTU of link 'p0' to 65536000: mtu greater than device maximum (EINVAL)");
}

TEST_F(RouteSocketTest, HasItsOwnWordsWhereTheKernelHasNone)
{
    ip("link add br0 type bridge");
    ip("link add p0 type veth peer name p1");
    ip("link add link p0 name mv0 type macvlan");
    auto route = socket();
    const auto lo = make(route, Attach{name("lo"), name("br0")});
    ASSERT_FALSE(lo);
    EXPECT_EQ(lo.error().message, "cannot attach port 'lo' to 'br0': the kernel takes no such link as a port (EINVAL)");
    const auto busy = make(route, Attach{name("p0"), name("br0")});
    ASSERT_FALSE(busy);
    EXPECT_EQ(busy.error().code, ErrorCode::busy);
    const auto taken = make(route, bridge("br0"));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().message, "cannot create bridge 'br0': a link of that name exists (EEXIST)");
    Link gone = link(route, "br0");
    gone.index = 4711;
    const auto missing = route.make(DeleteLink{gone.name, "bridge"}, Network{{gone}});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message, "cannot delete link 'br0': it is gone already (ENODEV)");
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    const auto twice = make(route, AddAddress{name("lo"), *InterfaceAddress::parse("127.0.0.1/8")});
    EXPECT_TRUE(twice);
    EXPECT_EQ(make(route, AddAddress{name("lo"), *InterfaceAddress::parse("127.0.0.1/8")}).error().code,
              ErrorCode::exists);
    const auto absent = make(route, RemoveAddress{name("br0"), *InterfaceAddress::parse("2001:db8::1/64")});
    ASSERT_FALSE(absent);
    EXPECT_NE(absent.error().message.find("(EADDRNOTAVAIL)"), std::string::npos) << absent.error().message;
}

TEST_F(RouteSocketTest, NamesTheMissingRight)
{
    auto route = socket();
    const pid_t child = ::fork();
    if (child == 0) {
        // Another user in the same namespace, with a socket of his own.
        const bool dropped = ::setgid(65534) == 0 && ::setuid(65534) == 0;
        auto own = RouteSocket::open();
        const auto made = dropped && own ? make(*own, bridge("br0")) : Result<void>{};
        const bool as_said = !made && made.error().code == ErrorCode::permission &&
                             made.error().hint.find("CAP_NET_ADMIN") != std::string::npos;
        ::_exit(as_said ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

TEST_F(RouteSocketTest, WaitsForAnEventAndNotLongerThanItsDeadline)
{
    ip("link add p0 type veth peer name p1");
    auto route = socket();
    const auto late =
        route.wait_until([](const Network&) { return false; }, Deadline::after(std::chrono::milliseconds{50}));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, ErrorCode::timeout);

    int looks = 0;
    const auto came = route.wait_until(
        [&looks](const Network& network) -> Result<bool> {
            if (++looks == 1) {
                ip("link set p0 up");  // the event comes after the look
            }
            return find(network, name("p0"))->up;
        },
        Deadline::after(std::chrono::seconds{10}));
    EXPECT_TRUE(came);
    EXPECT_GE(looks, 2);

    const auto broken = route.wait_until([](const Network&) -> Result<bool> { return Error{}; },
                                         Deadline::after(std::chrono::seconds{10}));
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::external);
}

TEST_F(RouteSocketTest, ListsWholeAlsoWhileLinksComeAndGo)
{
    const pid_t child = ::fork();
    if (child == 0) {
        auto own = RouteSocket::open();
        for (int i = 0; own; ++i) {
            (void)make(*own, bridge("busy" + std::to_string(i % 50)));
            const auto network = own->observe();
            if (network) {
                (void)own->make(DeleteLink{name("busy" + std::to_string((i + 25) % 50)), "bridge"}, *network);
            }
        }
        ::_exit(0);
    }
    auto route = socket();
    for (int i = 0; i < 200; ++i) {
        const auto network = route.observe();
        if (!network) {
            EXPECT_NE(network.error().message.find("the links kept changing"), std::string::npos);
            continue;
        }
        EXPECT_NE(find(*network, name("lo")), nullptr);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace kvmkit::net
