// SPDX-License-Identifier: Apache-2.0
#include "net/handover/program.hpp"

#include "net/handover/announce.hpp"
#include "net/handover/bridge_mac.hpp"
#include "net/handover/words.hpp"
#include "net/planner/codec.hpp"
#include "net/planner/lan_bridge.hpp"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

const std::string host_bytes{"\x0a\x00\x00\x02", 4};
const std::string second_bytes{"\x0a\x00\x00\x03", 4};
const std::string network_bytes{"\x0a\x00\x00\x00", 4};
const std::string gateway_bytes{"\x0a\x00\x00\x01", 4};
constexpr int card = 2;
constexpr int bridge = 9;

Packet address(const std::string& bytes, const std::string& label)
{
    ifaddrmsg head{};
    head.ifa_family = AF_INET;
    head.ifa_prefixlen = 24;
    head.ifa_index = card;
    Packet packet = make_packet(RTM_NEWADDR, 0, head);
    put(packet, IFA_LOCAL, bytes);
    put(packet, IFA_ADDRESS, bytes);
    put_text(packet, IFA_LABEL, label);
    const ifa_cacheinfo lifetimes{600, 700, 0, 0};
    put(packet, IFA_CACHEINFO, {reinterpret_cast<const char*>(&lifetimes), sizeof(lifetimes)});
    put_number(packet, IFA_FLAGS, IFA_F_PERMANENT | IFA_F_SECONDARY);
    return packet;
}

Packet ipv6_address()
{
    ifaddrmsg head{};
    head.ifa_family = AF_INET6;
    head.ifa_prefixlen = 64;
    head.ifa_index = card;
    Packet packet = make_packet(RTM_NEWADDR, 0, head);
    put(packet, IFA_ADDRESS, std::string{"\x20\x01\x0d\xb8", 4} + std::string(12, '\1'));
    return packet;
}

Packet route(unsigned char protocol, const std::string& gateway)
{
    rtmsg head{};
    head.rtm_family = AF_INET;
    head.rtm_dst_len = gateway.empty() ? 24 : 0;
    head.rtm_protocol = protocol;
    head.rtm_type = RTN_UNICAST;
    head.rtm_flags = RTNH_F_LINKDOWN | RTNH_F_ONLINK;
    Packet packet = make_packet(RTM_NEWROUTE, NLM_F_REPLACE, head);
    put_number(packet, RTA_OIF, card);
    if (gateway.empty()) {
        put(packet, RTA_DST, network_bytes);
    } else {
        put(packet, RTA_GATEWAY, gateway);
    }
    return packet;
}

Snapshot snapshot()
{
    Snapshot taken{.holder = {card, "eth0"}, .taken_ms = 1000};
    taken.addresses = {address(host_bytes, "eth0"), address(second_bytes, "eth0:1")};
    taken.routes = {route(RTPROT_KERNEL, {}), route(RTPROT_DHCP, gateway_bytes)};
    return taken;
}

const Move to_bridge{{card, "eth0"}, {bridge, "br0"}, Move::Port::attach, card, bridge};

std::vector<std::uint16_t> types_of(const std::vector<Order>& orders)
{
    std::vector<std::uint16_t> types;
    types.reserve(orders.size());
    for (const Order& order : orders) {
        types.push_back(order.packet.type);
    }
    return types;
}

TEST(Packet, PutsFindsReplacesAndRemovesAttributesAndKeepsTheOthers)
{
    Packet packet = address(host_bytes, "eth0");
    EXPECT_EQ(attribute(packet, IFA_LOCAL), host_bytes);
    EXPECT_EQ(text(packet, IFA_LABEL), "eth0");
    replace_text(packet, IFA_LABEL, "a-longer-name");
    EXPECT_EQ(text(packet, IFA_LABEL), "a-longer-name");
    remove(packet, IFA_LOCAL);
    EXPECT_FALSE(attribute(packet, IFA_LOCAL));
    EXPECT_EQ(attribute(packet, IFA_ADDRESS), host_bytes);
    EXPECT_EQ(number(packet, IFA_FLAGS), IFA_F_PERMANENT | IFA_F_SECONDARY);
    EXPECT_EQ(packet.payload.size() % 4, 0U);
}

TEST(Packet, ReadsNothingBehindADamagedAttribute)
{
    Packet packet = make_packet(RTM_NEWADDR, 0, ifaddrmsg{});
    packet.payload += std::string{"\xff\x00\x01\x00", 4};
    EXPECT_FALSE(attribute(packet, 1));
    packet.payload = "x";
    EXPECT_FALSE(attribute(packet, 1));
    EXPECT_FALSE(number(packet, 1));
}

TEST(Rewriter, AnAddressWaitsBehindTheOneInUse)
{
    const auto taken = snapshot();
    const Packet waiting = Rewriter{taken, {bridge, "br0"}, 1000}.waiting_address(taken.addresses.at(1));
    EXPECT_EQ(waiting.flags, NLM_F_CREATE | NLM_F_EXCL);
    EXPECT_EQ(header_of<ifaddrmsg>(waiting).ifa_index, static_cast<unsigned>(bridge));
    EXPECT_EQ(number(waiting, IFA_RT_PRIORITY), 0xffffffffU);
    EXPECT_EQ(text(waiting, IFA_LABEL), "br0:1");
    EXPECT_EQ(number(waiting, IFA_FLAGS), 0U) << "what the kernel finds out by itself is not told it";
}

TEST(Rewriter, AnIpv6AddressWaitsWithoutARouteAndIsNotDetectedAsADuplicateOfItself)
{
    auto taken = snapshot();
    taken.addresses = {ipv6_address()};
    const Rewriter rewriter{taken, {bridge, "br0"}, 1000};
    const auto waiting = rewriter.waiting_address(taken.addresses.front());
    EXPECT_EQ(number(waiting, IFA_FLAGS), IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
    EXPECT_EQ(number(rewriter.final_address(taken.addresses.front()), IFA_FLAGS), IFA_F_NOPREFIXROUTE)
        << "it had no route to its network, and gets none";
}

TEST(Rewriter, LifetimesLoseWhatHasPassedAndNeverReachNought)
{
    const auto taken = snapshot();
    const auto lifetimes = [&taken](std::int64_t now_ms) {
        const auto packet = Rewriter{taken, {bridge, "br0"}, now_ms}.final_address(taken.addresses.front());
        ifa_cacheinfo info{};
        std::memcpy(&info, attribute(packet, IFA_CACHEINFO)->data(), sizeof(info));
        return std::pair{info.ifa_prefered, info.ifa_valid};
    };
    EXPECT_EQ(lifetimes(1000), (std::pair{600U, 700U}));
    EXPECT_EQ(lifetimes(31'000), (std::pair{570U, 670U}));
    EXPECT_EQ(lifetimes(10'000'000), (std::pair{1U, 1U}));
    EXPECT_EQ(lifetimes(0), (std::pair{600U, 700U}));
}

TEST(Rewriter, ARouteChangesItsLinkAndLosesWhatTheKernelObserved)
{
    const auto taken = snapshot();
    const Rewriter rewriter{taken, {bridge, "br0"}, 1000};
    EXPECT_TRUE(rewriter.comes_with_an_address(taken.routes.front()));
    EXPECT_FALSE(rewriter.comes_with_an_address(taken.routes.back()));
    const Packet moved = rewriter.route(taken.routes.back());
    EXPECT_EQ(number(moved, RTA_OIF), static_cast<std::uint32_t>(bridge));
    EXPECT_EQ(header_of<rtmsg>(moved).rtm_flags, static_cast<unsigned>(RTNH_F_ONLINK));
    EXPECT_EQ(moved.flags, NLM_F_CREATE | NLM_F_REPLACE);
}

TEST(Rewriter, OnlyTheHopsThroughTheLinkChange)
{
    auto taken = snapshot();
    std::array<rtnexthop, 2> hops{rtnexthop{8, 0, 0, card}, rtnexthop{8, 0, 3, 5}};
    Packet multipath = make_packet(RTM_NEWROUTE, NLM_F_REPLACE, rtmsg{});
    put(multipath, RTA_MULTIPATH, {reinterpret_cast<const char*>(hops.data()), sizeof(hops)});
    const Packet moved = Rewriter{taken, {bridge, "br0"}, 1000}.route(multipath);
    std::memcpy(hops.data(), attribute(moved, RTA_MULTIPATH)->data(), sizeof(hops));
    EXPECT_EQ(hops[0].rtnh_ifindex, bridge);
    EXPECT_EQ(hops[1].rtnh_ifindex, 5);
    EXPECT_EQ(hops[1].rtnh_hops, 3);
}

TEST(Rewriter, OfAnIpv6RouteOnlyTheWaysThroughTheLinkAreTakenAway)
{
    const auto taken = snapshot();
    const std::array<rtnexthop, 2> hops{rtnexthop{8, 0, 0, 5}, rtnexthop{8, 0, 3, card}};
    for (const auto& [family, left] : {std::pair{AF_INET6, 1U}, std::pair{AF_INET, 2U}}) {  // IPv4's go as a whole
        rtmsg head{};
        head.rtm_family = static_cast<unsigned char>(family);
        Packet multipath = make_packet(RTM_NEWROUTE, NLM_F_REPLACE, head);
        put(multipath, RTA_MULTIPATH, {reinterpret_cast<const char*>(hops.data()), sizeof(hops)});
        const Packet gone = Rewriter{taken, {card, "eth0"}, 1000}.without_route(multipath);
        const auto named = attribute(gone, RTA_MULTIPATH).value_or("");
        ASSERT_EQ(named.size(), left * sizeof(rtnexthop));
        rtnexthop last{};
        std::memcpy(&last, named.data() + named.size() - sizeof(last), sizeof(last));
        EXPECT_EQ(last.rtnh_ifindex, card);
    }
}

TEST(Rewriter, ARouteOfARouterStandsInBehindTheOneThatTheKernelWillMake)
{
    auto taken = snapshot();
    rtmsg head{};
    head.rtm_family = AF_INET6;
    head.rtm_protocol = RTPROT_RA;
    Packet told = make_packet(RTM_NEWROUTE, NLM_F_REPLACE, head);
    put_number(told, RTA_PRIORITY, 1024);
    taken.kernel_routers = true;
    EXPECT_EQ(number(Rewriter(taken, {bridge, "br0"}, 0).route(told), RTA_PRIORITY), 1025U);
    taken.kernel_routers = false;  // a program made it, and will find it again
    EXPECT_EQ(number(Rewriter(taken, {bridge, "br0"}, 0).route(told), RTA_PRIORITY), 1024U);
}

TEST(Rewriter, NeighboursAreToBeConfirmedUnlessAnAdministratorSetThem)
{
    const auto taken = snapshot();
    ndmsg head{};
    head.ndm_state = NUD_REACHABLE;
    const auto state = [&](std::uint16_t told) {
        head.ndm_state = told;
        return header_of<ndmsg>(Rewriter{taken, {bridge, "br0"}, 0}.neighbour(make_packet(RTM_NEWNEIGH, 0, head)))
            .ndm_state;
    };
    EXPECT_EQ(state(NUD_REACHABLE), NUD_STALE);
    EXPECT_EQ(state(NUD_PERMANENT), NUD_PERMANENT);
}

TEST(Program, AttachesFirstAndTakesAddressesAwayLastSecondariesBeforePrimaries)
{
    const auto program = make_program(snapshot(), to_bridge, 1000);
    EXPECT_EQ(types_of(program.stage), (std::vector<std::uint16_t>{RTM_NEWADDR, RTM_NEWADDR}));
    EXPECT_EQ(types_of(program.batch),
              (std::vector<std::uint16_t>{RTM_SETLINK,
                                          RTM_NEWADDR,
                                          RTM_NEWADDR,
                                          RTM_NEWROUTE,
                                          RTM_DELADDR,
                                          RTM_DELADDR,
                                          RTM_DELROUTE,
                                          RTM_DELROUTE}));
    EXPECT_EQ(attribute(program.batch.at(4).packet, IFA_LOCAL), second_bytes);
    EXPECT_EQ(number(program.batch.at(0).packet, IFLA_MASTER), static_cast<std::uint32_t>(bridge));
}

TEST(Program, WhatMayBeAnotherHostsComesLastAndIsLookedForAgain)
{
    auto taken = snapshot();
    auto lost = ipv6_address();
    put_number(lost, IFA_FLAGS, IFA_F_PERMANENT | IFA_F_TENTATIVE | IFA_F_DADFAILED);
    taken.addresses = {lost};
    const auto program = make_program(taken, to_bridge, 1000);
    EXPECT_TRUE(program.stage.empty());
    EXPECT_EQ(std::ranges::count(types_of(program.batch), RTM_NEWADDR), 0);
    ASSERT_EQ(types_of(program.finish), (std::vector<std::uint16_t>{RTM_NEWADDR}));
    const auto flags = number(program.finish.front().packet, IFA_FLAGS).value_or(0);
    EXPECT_EQ(flags & (IFA_F_NODAD | IFA_F_TENTATIVE | IFA_F_DADFAILED), 0U);
}

TEST(Program, ReleasesOnlyOnceNothingLeadsToTheBridgeAnyMore)
{
    const Move back{{bridge, "br0"}, {card, "eth0"}, Move::Port::release, card, bridge};
    const auto types = types_of(make_program(snapshot(), back, 1000).batch);
    EXPECT_EQ(types.back(), RTM_SETLINK);
    EXPECT_EQ(std::ranges::count(types, RTM_SETLINK), 1);
    const auto first_loss = std::ranges::find(types, RTM_DELADDR);
    EXPECT_LT(std::ranges::find(types, RTM_NEWROUTE), first_loss);
    EXPECT_NE(first_loss, types.end());
}

TEST(Program, AsksNothingOfALinkThatIsGone)
{
    const Move back{{0, "br0"}, {card, "eth0"}};
    for (const auto& order : make_program(snapshot(), back, 1000).batch) {
        EXPECT_NE(order.packet.type, RTM_DELADDR);
    }
}

TEST(Snapshot, ComesBackFromItsLine)
{
    auto taken = snapshot();
    taken.kernel_routers = true;
    taken.generation_mode = 3;
    const auto read = parse_snapshot(serialise(taken));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, taken);
    for (const auto* damaged : {"", "{}", "[1]", R"({"index":1})"}) {
        EXPECT_FALSE(parse_snapshot(damaged)) << damaged;
    }
}

TEST(Words, NameWhatAPacketIsAbout)
{
    const auto taken = snapshot();
    EXPECT_EQ(subject_of(taken.addresses.front()), "address 10.0.0.2/24");
    EXPECT_EQ(subject_of(taken.routes.front()), "route 10.0.0.0/24");
    EXPECT_EQ(subject_of(taken.routes.back()), "route default");
    EXPECT_EQ(refusal_of({taken.routes.back()}, {ENETUNREACH, "Nexthop has invalid gateway"}).message,
              "cannot hand over route default: Nexthop has invalid gateway (ENETUNREACH)");
}

TEST(Announcement, IsWhatTheStandardsSay)
{
    const MacAddress mac{{2, 0, 0, 0, 0, 9}};
    EXPECT_EQ(arp_announcement(mac, host_bytes),
              std::string("\0\x01\x08\0\x06\x04\0\x01", 8) + std::string("\x02\0\0\0\0\x09", 6) + host_bytes +
                  std::string(6, '\0') + host_bytes);
    const std::string loopback = std::string(15, '\0') + '\x01';
    const auto frame = neighbour_announcement(mac, loopback);
    ASSERT_EQ(frame.size(), 40U + 32U);
    // The one's complement sum over pseudo header and message, checksum included, is all ones.
    std::uint32_t sum = 32 + 58;
    for (std::size_t i = 8; i < frame.size(); ++i) {
        const std::uint32_t octet = static_cast<unsigned char>(frame[i]);
        sum += i % 2 == 0 ? octet << 8U : octet;
    }
    EXPECT_EQ((sum & 0xffffU) + (sum >> 16U), 0xffffU);
    constexpr std::size_t flags = 40 + 4;
    EXPECT_EQ(frame[flags], '\x20');
    EXPECT_EQ(neighbour_announcement(mac, loopback, Role::router)[flags], '\xa0');
}

TEST(BridgeMac, IsThatOfTheVlansOnTheBridgeUnlessTheyHaveOneOfTheirOwn)
{
    const MacAddress mac{{2, 0, 0, 0, 0, 9}};
    const auto link = [](const char* name, int index, const char* kind, int lower, const MacAddress& its) {
        return Link{.name = LinkName::from_kernel(name), .index = index, .kind = kind, .mac = its, .lower = lower};
    };
    Network network;
    network.links = {link("br0", bridge, "bridge", 0, mac),
                     link("br0.5", 11, "vlan", bridge, mac),
                     link("br0.6", 12, "vlan", bridge, MacAddress{{2, 0, 0, 0, 0, 6}}),
                     link("br0.5.7", 13, "vlan", 11, mac),
                     link("mv0", 14, "macvlan", bridge, mac)};
    std::vector<int> followers;
    for (const Link* follower : with_followers(network, network.links.front())) {
        followers.push_back(follower->index);
    }
    EXPECT_EQ(followers, (std::vector<int>{bridge, 11, 13}));
}

TEST(Handover, ComesBackFromTheJournal)
{
    for (const auto direction : {Direction::to_bridge, Direction::to_port}) {
        const Step step{
            Handover{LinkName::from_kernel("eth0"),
                     LinkName::from_kernel("br0"),
                     direction,
                     serialise(snapshot()),
                     {*InterfaceAddress::parse("192.0.2.9/24"), *InterfaceAddress::parse("2001:db8::9/64")}},
            Guard{.index = 2}};
        const auto read = decode(encode(step));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(*read, step);
    }
}

TEST(LanBridge, PlansTheWayThereAndBack)
{
    Link uplink{.name = LinkName::from_kernel("eth0"), .index = card, .mac = MacAddress{{2, 0, 0, 0, 0, 1}}};
    uplink.ethernet = true;
    uplink.mtu = 9000;
    uplink.up = true;
    const Birthmark birthmark{MacAddress{{2, 0, 0, 0, 0, 9}}, 77};
    const LanBridge wanted{uplink.name, LinkName::from_kernel("br0")};
    const auto plan = plan_lan_bridge({{uplink}}, wanted, birthmark);
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_EQ(plan->size(), 3U);
    const auto& create = std::get<CreateLink>(plan->at(0).action);
    EXPECT_EQ(create.mac, *uplink.mac);
    EXPECT_EQ(create.mtu, 9000U);
    EXPECT_EQ(describe(plan->at(1).action), "hand the addresses and routes of eth0 over to br0, and attach eth0");

    Link made{.name = wanted.bridge, .index = bridge, .kind = "bridge"};
    made.up = true;
    uplink.master = bridge;
    EXPECT_TRUE(plan_lan_bridge({{uplink, made}}, wanted, birthmark)->empty());
    EXPECT_EQ(plan_lan_bridge_back({{uplink, made}}, uplink.name)->size(), 3U);
    const std::vector own{*InterfaceAddress::parse("192.0.2.9/24")};
    const auto kept = plan_lan_bridge_back({{uplink, made}}, uplink.name, EarlierBridge{own, birthmark.mac});
    ASSERT_EQ(kept->size(), 1U) << "a bridge that was there before stays";
    EXPECT_EQ(std::get<Handover>(kept->front().action).stays, own);
    EXPECT_EQ(std::get<Handover>(kept->front().action).bridge_mac, birthmark.mac);
    Link tap{.name = LinkName::from_kernel("tap0"), .index = 11, .kind = "tun"};
    tap.master = bridge;
    EXPECT_EQ(plan_lan_bridge_back({{uplink, made, tap}}, uplink.name)->size(), 1U) << "a bridge with VMs stays";
    made.kind = "bond";
    EXPECT_EQ(plan_lan_bridge_back({{uplink, made}}, uplink.name).error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace kvmkit::net
