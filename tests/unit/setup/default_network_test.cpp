// SPDX-License-Identifier: Apache-2.0
#include "setup/default_network.hpp"

#include "support/temporary_folder.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using Texts = std::vector<std::string>;
using Kind = Ipv4Claim::Kind;

Ipv4Range range(std::string_view text)
{
    return parse_ipv4_range(text).value();
}

const std::vector<Ipv4Claim> lan{{Kind::address, "eth0", range("10.1.0.0/16"), parse_ipv4("10.1.0.9").value()}};
const std::vector<Ipv4Claim> same_as_shipped{
    {Kind::address, "eth0", range("192.168.122.0/24"), parse_ipv4("192.168.122.50").value()}};

/// libvirt is installed and runs, its network as it was shipped.
NetworkSurroundings installed(std::vector<Ipv4Claim> claims = lan)
{
    return {.network = std::optional{DefaultNetworkState{.range = shipped_range, .bridge = "virbr0"}},
            .claims = std::optional{std::move(claims)}};
}

NetworkSurroundings active(std::vector<Ipv4Claim> claims = lan)
{
    auto now = installed(std::move(claims));
    (*now.network)->active = (*now.network)->autostart = true;
    return now;
}

Texts texts(const std::vector<Step>& steps)
{
    Texts all;
    for (const Step& step : steps) {
        all.push_back(describe(step));
    }
    return all;
}

NetworkPlan plan(const NetworkSurroundings& now, std::string_view wish = "auto", NetworkOutlook outlook = {false, true})
{
    auto planned = plan_network(now, parse_network_wish(wish).value(), outlook);
    EXPECT_TRUE(planned) << planned.error().message;
    return std::move(planned).value_or(NetworkPlan{});
}

bool notes(const NetworkPlan& plan, std::string_view text)
{
    return std::ranges::any_of(plan.notes, [&](const auto& note) { return note.find(text) != std::string::npos; });
}

const Texts starts{"start libvirt's network 'default' with libvirt from now on", "start libvirt's network 'default'"};

TEST(DefaultNetwork, StartsWhereNothingIsInItsWay)
{
    const auto steps = plan(installed());
    EXPECT_TRUE(steps.before.empty());
    EXPECT_EQ(texts(steps.after), starts);
    EXPECT_TRUE(notes(steps, "changes the firewall")) << "what libvirt does to the host is told before";
    EXPECT_TRUE(notes(steps, "switches net.ipv4.ip_forward on"));
    auto router = installed();
    router.forwards = true;
    EXPECT_FALSE(notes(plan(router), "ip_forward"));
}

TEST(DefaultNetwork, IsLeftAloneOnceItIsAsWanted)
{
    for (const auto* wish : {"auto", "keep", "192.168.122.0/24"}) {
        const auto steps = plan(active(), wish);
        EXPECT_TRUE(steps.before.empty() && steps.after.empty() && steps.notes.empty()) << wish;
    }
}

TEST(DefaultNetwork, MovesBeforeItsFirstStartOutOfTheWayOfTheHost)
{
    const auto steps = plan(installed(same_as_shipped));
    EXPECT_EQ(texts(steps.before), Texts{"give libvirt's network 'default' the range 192.168.123.0/24"});
    EXPECT_EQ(texts(steps.after), starts);
    EXPECT_TRUE(
        notes(steps, "gets 192.168.123.0/24 in place of 192.168.122.0/24: this host has address 192.168.122.50/24"));
}

TEST(DefaultNetwork, MovesBeforeTheAddressOfANestedHostArrives)
{
    auto guest = installed();
    guest.guest = true;
    EXPECT_EQ(texts(plan(guest).before), Texts{"give libvirt's network 'default' the range 192.168.123.0/24"});
    EXPECT_TRUE(notes(plan(guest), "this host is itself a VM"));
    (*guest.network)->autostart = true;
    EXPECT_TRUE(plan(guest).before.empty()) << "somebody settled for it";
}

TEST(DefaultNetwork, IsLaidOutBeforeThePackagesThatBringItAreConfigured)
{
    auto fresh = installed(same_as_shipped);
    fresh.network = std::optional<DefaultNetworkState>{};
    const auto steps = plan(fresh, "auto", {.comes = true, .will_run = true});
    EXPECT_EQ(texts(steps.before), Texts{"give libvirt's network 'default' the range 192.168.123.0/24"});
    EXPECT_EQ(texts(steps.after), starts);
    EXPECT_TRUE(notes(plan(fresh), "libvirt has no network 'default'")) << "somebody took it away";
    EXPECT_TRUE(plan(fresh).after.empty());
}

TEST(DefaultNetwork, ThatCutsTheHostOffIsMovedWhileNoVmRuns)
{
    auto now = active(same_as_shipped);
    const auto steps = plan(now);
    EXPECT_EQ(
        texts(steps.before),
        (Texts{"stop libvirt's network 'default'", "give libvirt's network 'default' the range 192.168.123.0/24"}));
    EXPECT_EQ(texts(steps.after), Texts{"start libvirt's network 'default'"});
    now.vms = {"pid 7 (qemu-system-x86)"};
    EXPECT_TRUE(plan(now).before.empty() && plan(now).after.empty());
    EXPECT_TRUE(notes(plan(now), "not done while VMs run: pid 7"));
    const std::vector<Ipv4Claim> wide{{Kind::route, "tun0", range("192.168.0.0/16"), 0}};
    EXPECT_TRUE(plan(active(wide)).before.empty()) << "the host loses nothing by a route that is wider";
}

TEST(DefaultNetwork, KeptStaysDownWhereTheHostWouldLoseItsGateway)
{
    const auto steps = plan(installed(same_as_shipped), "keep");
    EXPECT_TRUE(steps.before.empty() && steps.after.empty());
    EXPECT_TRUE(notes(steps, "is not started: with its range 192.168.122.0/24 the host would lose"));
    EXPECT_EQ(texts(plan(installed(), "keep").after), starts);
}

TEST(DefaultNetwork, SwitchedOffStopsAndStaysOff)
{
    EXPECT_EQ(texts(plan(active(), "off").before), Texts{"start libvirt's network 'default' with libvirt no more"});
    EXPECT_EQ(texts(plan(active(), "off").after), Texts{"stop libvirt's network 'default'"});
    EXPECT_TRUE(plan(installed(), "off").before.empty() && plan(installed(), "off").after.empty());
    auto used = active();
    used.vms = {"pid 7 (qemu-system-x86)"};
    EXPECT_TRUE(plan(used, "off").after.empty());
    EXPECT_TRUE(notes(plan(used, "off"), "stays up while VMs run: pid 7"));
}

TEST(DefaultNetwork, TakesTheRangeThatWasNamedUnlessItIsInUse)
{
    EXPECT_EQ(texts(plan(installed(), "10.9.0.0/24").before),
              Texts{"give libvirt's network 'default' the range 10.9.0.0/24"});
    const auto refused = plan_network(installed(), parse_network_wish("10.1.4.0/24").value(), {false, true});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_EQ(
        refused.error().message,
        "refused to give libvirt's network 'default' the range 10.1.4.0/24: the host has address 10.1.0.9/16 of eth0");
}

TEST(DefaultNetwork, StaysDownWhereNoRangeIsFree)
{
    std::vector<Ipv4Claim> all{{Kind::route, "a", range("192.168.0.0/16"), 0},
                               {Kind::route, "a", range("172.16.0.0/12"), 0},
                               {Kind::route, "a", range("10.0.0.0/8"), 0}};
    const auto steps = plan(installed(all));
    EXPECT_TRUE(steps.before.empty() && steps.after.empty());
    EXPECT_TRUE(notes(steps, "no other range is free"));
}

TEST(DefaultNetwork, WaitsForLibvirtWhereItDoesNotRun)
{
    const auto steps = plan(installed(), "auto", {});
    EXPECT_EQ(texts(steps.after), Texts{starts.front()});
    EXPECT_TRUE(notes(steps, "starts when libvirt does"));
}

TEST(DefaultNetwork, IsNotTouchedWhereItCannotBeTold)
{
    auto unread = installed();
    unread.network =
        Error{ErrorCode::permission, "cannot open '/etc/libvirt/qemu/networks/default.xml': Permission denied"};
    EXPECT_TRUE(plan(unread).after.empty());
    EXPECT_TRUE(notes(plan(unread), "Permission denied"));
    auto unseen = installed();
    unseen.claims = Error{ErrorCode::busy, "cannot list addresses"};
    EXPECT_TRUE(plan(unseen).after.empty());
    EXPECT_TRUE(notes(plan(unseen), "cannot list addresses"));
}

TEST(NetworkWish, IsReadFromItsWord)
{
    EXPECT_EQ(parse_network_wish("auto")->kind, NetworkWish::Kind::automatic);
    EXPECT_EQ(parse_network_wish("10.0.0.0/8")->range, range("10.0.0.0/8"));
    for (const auto* wrong : {"", "on", "10.0.0.1/24", "10.0.0.0/30", "0.0.0.0/0", "fd00::/64"}) {
        const auto refused = parse_network_wish(wrong);
        ASSERT_FALSE(refused) << wrong;
        EXPECT_EQ(refused.error().code, ErrorCode::usage);
        EXPECT_NE(refused.error().hint.find("192.168.150.0/24"), std::string::npos);
    }
}

TEST(DefaultNetwork, IsReadFromLibvirtsFiles)
{
    const testing::TemporaryFolder folder;
    const auto look = [&folder] { return observe_surroundings(Root::open(folder.path()).value()); };
    EXPECT_FALSE(look().network->has_value());
    folder.write("etc/libvirt/qemu/networks/default.xml",
                 "<network><bridge name='virbr0'/><ip address='10.9.0.1' netmask='255.255.255.0'></ip></network>");
    folder.write("proc/sys/net/ipv4/ip_forward", "1\n");
    EXPECT_EQ((*look().network)->range, range("10.9.0.0/24"));
    EXPECT_FALSE((*look().network)->active || (*look().network)->autostart || look().guest);
    EXPECT_TRUE(look().forwards);
    folder.write("run/libvirt/network/default.xml", "<networkstatus/>");
    folder.write("etc/libvirt/qemu/networks/autostart/default.xml", "");
    folder.write("sys/class/dmi/id/sys_vendor", "QEMU\n");
    EXPECT_TRUE((*look().network)->active && (*look().network)->autostart && look().guest);
}

}  // namespace
}  // namespace kvmkit::setup
