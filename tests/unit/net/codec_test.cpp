// SPDX-License-Identifier: Apache-2.0
#include "net/planner/codec.hpp"

#include <random>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

/// Makes any step there can be; the seed is fixed, so that a failure comes again.
class AnyStep {
public:
    Step make(std::size_t kind) { return {action(kind), number(2) == 0 ? std::nullopt : std::optional{guard()}}; }

private:
    std::uint32_t number(std::uint32_t below) { return static_cast<std::uint32_t>(source_() % below); }

    LinkName name()
    {
        constexpr std::string_view letters = "abcxyz0189-_.@\"\\'{}\xc3\xa9";
        std::string text;
        for (std::uint32_t left = number(max_link_name) + 1; left > 0; --left) {
            text += letters.at(number(static_cast<std::uint32_t>(letters.size() - 2)));
        }
        return LinkName::from_kernel(text);
    }

    InterfaceAddress address()
    {
        InterfaceAddress::Octets octets{};
        for (auto& octet : octets) {
            octet = static_cast<std::uint8_t>(number(256));
        }
        return number(2) == 0 ? InterfaceAddress{Family::ipv4, octets, number(33)}
                              : InterfaceAddress{Family::ipv6, octets, number(129)};
    }

    LinkOptions options()
    {
        LinkOptions options;
        for (std::uint32_t left = number(5); left > 0; --left) {
            std::string bytes;
            for (std::uint32_t length = number(9); length > 0; --length) {
                bytes += static_cast<char>(number(256));
            }
            options.push_back({static_cast<std::uint16_t>(number(65536)), bytes});
        }
        return options;
    }

    std::optional<std::uint32_t> maybe() { return number(2) == 0 ? std::nullopt : std::optional{number(0xffffffff)}; }

    Guard guard()
    {
        return {
            static_cast<int>(number(1000)), number(0xffffffff), number(2) == 0 ? std::nullopt : std::optional{name()}};
    }

    template <class T>
    std::optional<T> perhaps(T value)
    {
        return number(2) == 0 ? std::nullopt : std::optional<T>{std::move(value)};
    }

    CreateLink new_link()
    {
        return {.name = name(),
                .kind = name().str(),
                .mac = perhaps(*MacAddress::random()),
                .mark = number(0xffffffff),
                .mtu = maybe(),
                .lower = perhaps(name()),
                .peer = perhaps(name()),
                .peer_mac = perhaps(*MacAddress::random()),
                .index = static_cast<int>(number(1000)),
                .peer_index = static_cast<int>(number(1000)),
                .options = options(),
                .vlans = perhaps(vlans())};
    }

    VlanMembership vlans()
    {
        VlanMembership vlans;
        for (std::uint32_t left = number(4); left > 0; --left) {
            const auto first = static_cast<VlanId>(1 + number(2000));
            vlans.members.add({first, static_cast<VlanId>(first + number(2000))});
            vlans.untagged.add(first);
        }
        vlans.pvid = perhaps(static_cast<VlanId>(1 + number(4094)));
        return vlans;
    }

    RouteEntry route()
    {
        const auto ip = [this] { return *IpAddress::parse("192.0.2." + std::to_string(number(256))); };
        return {Prefix{address()},
                perhaps(name()),
                perhaps(ip()),
                perhaps(ip()),
                number(0xffffffff),
                number(0xffffffff),
                static_cast<std::uint8_t>(number(256)),
                static_cast<std::uint8_t>(number(256)),
                static_cast<std::uint8_t>(number(256)),
                number(2) == 0 ? std::vector<RouteWay>{}
                               : std::vector{RouteWay{name(), perhaps(ip()), number(256), number(2) == 0}},
                number(2) == 0};
    }

    Action action(std::size_t kind)
    {
        switch (kind) {
            case 0: return new_link();
            case 1: return DeleteLink{name(), name().str()};
            case 2: return Attach{name(), name(), options(), perhaps(vlans()), perhaps(*MacAddress::random())};
            case 3: return Release{name(), name(), perhaps(*MacAddress::random())};
            case 4: return SwitchUp{name(), maybe()};
            case 5: return SwitchDown{name(), maybe()};
            case 6: return SetMtu{name(), number(65536)};
            case 7: return SetMac{name(), *MacAddress::random()};
            case 8: return SetGroup{name(), number(0xffffffff)};
            case 9: return SetOptions{name(), name().str(), options()};
            case 10: return SetPortOptions{name(), options()};
            case 11: return SetVlans{name(), vlans()};
            case 12:
                return SetIpv6{name(), number(2) == 0 ? Ipv6Switch::enabled : Ipv6Switch::autoconf, number(2) == 0};
            case 13:
                return AddAddress{
                    name(), address(), number(2) == 0 ? std::vector{address()} : std::vector<InterfaceAddress>{}};
            case 14: return RemoveAddress{name(), address()};
            case 15: return AddRoute{route()};
            case 16: return RemoveRoute{route()};
            case 18:
                return SetResolver{perhaps(name().str() + "\xff\n"), perhaps(std::string{"nameserver 192.0.2.53\n"})};
            case 19: return SetManaged{name(), number(2) == 0};
            default: {
                const auto direction = number(2) == 0 ? Direction::to_bridge : Direction::to_port;
                return Handover{name(), name(), direction, name().str(), {address()}, perhaps(*MacAddress::random())};
            }
        }
    }

    std::mt19937 source_{20261124};
};

TEST(CodecTest, EveryStepSurvivesTheJournal)
{
    AnyStep any;
    for (std::size_t i = 0; i < 5000; ++i) {
        const Step step = any.make(i % std::variant_size_v<Action>);
        ASSERT_EQ(step.action.index(), i % std::variant_size_v<Action>);
        const auto again = decode(encode(step));
        ASSERT_TRUE(again) << encode(step) << ": " << again.error().message;
        ASSERT_EQ(*again, step) << encode(step);
    }
}

TEST(CodecTest, WhatIsNoStepIsAnErrorAndNotAGuess)
{
    const auto sound = encode({DeleteLink{LinkName::from_kernel("br0"), "bridge"}});
    ASSERT_TRUE(decode(sound));
    for (const std::string& text :
         {std::string{},
          std::string{"{}"},
          std::string{"[]"},
          std::string{"7"},
          sound.substr(0, sound.size() / 2),
          std::string{R"({"action":"format-disk","of":{},"if":null})"},
          std::string{R"({"action":"attach","of":{"port":"p"},"if":null})"},
          std::string{R"({"action":"set-mtu","of":{"name":"p","mtu":"x"},"if":null})"},
          std::string{R"({"action":"add-address","of":{"name":"p","address":"x"},"if":null})"}}) {
        const auto step = decode(text);
        ASSERT_FALSE(step) << text;
        EXPECT_EQ(step.error().message.find("cannot read a journalled step: "), 0U);
    }
}

}  // namespace
}  // namespace kvmkit::net
