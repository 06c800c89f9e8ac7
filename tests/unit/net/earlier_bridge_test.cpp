// SPDX-License-Identifier: Apache-2.0
#include "net/handover/earlier_bridge.hpp"
#include "net/handover/staying.hpp"
#include "net/planner/codec.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

using Own = std::optional<EarlierBridge>;

const LinkName eth0 = LinkName::from_kernel("eth0");
const LinkName br0 = LinkName::from_kernel("br0");
const std::vector own{*InterfaceAddress::parse("192.0.2.9/24")};
const MacAddress mac{{0x02, 0, 0, 0, 0, 7}};
const Own as_it_was{EarlierBridge{own, mac}};

txn::StepRecord undone_by(const Action& action, unsigned inode = 7)
{
    return {
        .text = "step",
        .undo = fmt::format(R"({{"netns":{{"name":"","device":1,"inode":{}}},"step":{}}})", inode, encode({action})),
        .done = true};
}

txn::Record change(std::vector<txn::StepRecord> steps, txn::State state = txn::State::confirmed)
{
    txn::Record record;
    record.owner.boot_id = "boot";
    record.state = state;
    record.steps = std::move(steps);
    return record;
}

Own found(std::vector<txn::Record> records)
{
    return earlier_bridge({std::move(records), {}}, {eth0, br0, {.device = 1, .inode = 7}, "boot"});
}

TEST(EarlierBridgeTest, IsKnownByTheChangeThatGaveItTheCard)
{
    const auto there = undone_by(Handover{eth0, br0, Direction::to_port, "snapshot", own, mac});
    const auto back = undone_by(Handover{eth0, br0, Direction::to_bridge, "snapshot"});
    const auto made = undone_by(DeleteLink{br0, "bridge"});
    EXPECT_EQ(found({change({there})}), as_it_was);
    EXPECT_EQ(found({change({made, there})}), std::nullopt);
    EXPECT_EQ(found({change({there}), change({made, there})}), std::nullopt) << "the newest one counts";
    EXPECT_EQ(found({change({made, there}), change({there})}), as_it_was);
    EXPECT_EQ(found({change({there}), change({back})}), std::nullopt);
    EXPECT_EQ(found({change({there}, txn::State::rolled_back)}), std::nullopt);
    EXPECT_EQ(found({change({undone_by(Handover{eth0, br0, Direction::to_port, "snapshot", own, mac}, 8)})}),
              std::nullopt);
    auto earlier = change({there});
    earlier.owner.boot_id = "another boot";
    EXPECT_EQ(found({earlier}), std::nullopt);
    EXPECT_EQ(found({}), std::nullopt);
}

std::string bytes_of(const std::string& text)
{
    return std::string{IpAddress::parse(text)->bytes()};
}

Packet address(const std::string& text, unsigned char length)
{
    ifaddrmsg head{};
    head.ifa_family = AF_INET;
    head.ifa_prefixlen = length;
    Packet packet = make_packet(RTM_NEWADDR, 0, head);
    put(packet, IFA_LOCAL, bytes_of(text));
    return packet;
}

Packet route(const std::string& target, unsigned char length, std::uint16_t type, const std::string& value)
{
    rtmsg head{};
    head.rtm_family = AF_INET;
    head.rtm_dst_len = length;
    head.rtm_protocol = type == 0 ? RTPROT_KERNEL : RTPROT_BOOT;
    Packet packet = make_packet(RTM_NEWROUTE, 0, head);
    put(packet, RTA_DST, bytes_of(target));
    if (type != 0) {
        put(packet, type, bytes_of(value));
    }
    return packet;
}

TEST(StayingTest, TakesOutTheAddressesAndWhatOnlyTheyAreThereFor)
{
    Snapshot all;
    all.addresses = {address("192.0.2.9", 24), address("10.0.0.2", 24)};
    all.routes = {route("192.0.2.0", 24, 0, ""),
                  route("198.51.100.0", 24, RTA_GATEWAY, "192.0.2.254"),
                  route("198.51.101.0", 24, RTA_PREFSRC, "192.0.2.9"),
                  route("10.0.0.0", 24, 0, ""),
                  route("198.51.102.0", 24, RTA_GATEWAY, "10.0.0.1")};
    const auto rest = without_staying(all, own);
    EXPECT_EQ(rest.addresses, (std::vector{all.addresses[1]}));
    EXPECT_EQ(rest.routes, (std::vector{all.routes[3], all.routes[4]}));
    EXPECT_EQ(without_staying(all, {}), all);
}

TEST(StayingTest, AGatewayThatBothReachGoes)
{
    Snapshot all;
    all.addresses = {address("192.0.2.9", 24), address("192.0.2.2", 24)};
    all.routes = {route("198.51.100.0", 24, RTA_GATEWAY, "192.0.2.254")};
    EXPECT_EQ(without_staying(all, own).routes, all.routes);
}

}  // namespace
}  // namespace kvmkit::net
