// SPDX-License-Identifier: Apache-2.0
#include "net/model/option.hpp"
#include "net/model/scalar.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

const OptionSpec& spec(std::span<const OptionSpec> specs, std::string_view key)
{
    const auto found = std::ranges::find(specs, key, &OptionSpec::key);
    EXPECT_NE(found, specs.end()) << key;
    return *found;
}

std::string again(const OptionSpec& spec, std::string_view text)
{
    const auto option = read_option(spec, text);
    return option ? option_text(spec, *option) : option.error().message + " / " + option.error().hint;
}

TEST(ScalarTest, NumbersAreDecimalOrHexadecimal)
{
    EXPECT_EQ(read_number("1500"), 1500U);
    EXPECT_EQ(read_number("0x1f"), 31U);
    for (const char* text : {"", "0x", "-1", "1 ", "1.5", "0x1g", "18446744073709551616"}) {
        EXPECT_FALSE(read_number(text)) << text;
    }
}

TEST(ScalarTest, BooleansHaveFiveSpellingsInAnyCase)
{
    for (const char* text : {"1", "true", "YES", "On", "y"}) {
        EXPECT_EQ(read_boolean(text), true) << text;
    }
    for (const char* text : {"0", "False", "no", "off", "N"}) {
        EXPECT_EQ(read_boolean(text), false) << text;
    }
    EXPECT_FALSE(read_boolean("yess"));
    EXPECT_FALSE(read_boolean(""));
}

TEST(OptionTextTest, WhatIsReadIsWrittenAlike)
{
    const auto bridge = bridge_options();
    EXPECT_EQ(again(spec(bridge, "stp.enabled"), "yes"), "true");
    EXPECT_EQ(again(spec(bridge, "stp.forward-delay"), "15"), "15");
    EXPECT_EQ(again(spec(bridge, "stp.hello-time"), "1.5"), "1.50");
    EXPECT_EQ(again(spec(bridge, "stp.priority"), "0x8000"), "32768");
    EXPECT_EQ(again(spec(bridge, "vlan-protocol"), "802.1ad"), "802.1ad");
    EXPECT_EQ(again(spec(bridge, "multicast-router"), "2"), "enabled");
    EXPECT_EQ(again(spec(bridge, "multicast-query-interval"), "12500"), "12500");
    EXPECT_EQ(again(spec(bridge, "group-addr"), "01:80:C2:00:00:04"), "01:80:c2:00:00:04");
    const auto bond = bond_options();
    EXPECT_EQ(again(spec(bond, "mode"), "4"), "802.3ad");
    EXPECT_EQ(again(spec(bond, "xmit_hash_policy"), "vlan+srcmac"), "vlan+srcmac");
    EXPECT_EQ(again(spec(bond, "arp_ip_target"), "192.0.2.1, 192.0.2.2"), "192.0.2.1,192.0.2.2");
    const auto vlan = vlan_options();
    EXPECT_EQ(again(spec(vlan, "registration-protocol"), "mvrp"), "mvrp");
    EXPECT_EQ(again(spec(vlan, "reorder-headers"), "off"), "false");
    const auto vxlan = vxlan_options();
    EXPECT_EQ(again(spec(vxlan, "destination-port"), "4789"), "4789");
    EXPECT_EQ(again(spec(vxlan, "remote"), "192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(again(vxlan[3], "2001:db8::1"), "2001:db8::1");
}

TEST(OptionTextTest, WhatDoesNotFitIsToldWithWhatWould)
{
    const auto bridge = bridge_options();
    EXPECT_EQ(again(spec(bridge, "stp.enabled"), "yess"), "'yess' is no boolean / write true or false");
    EXPECT_EQ(again(spec(bridge, "stp.forward-delay"), "31"),
              "'31' is no time that fits here / give seconds from 0 to 30");
    EXPECT_EQ(again(spec(bridge, "stp.hello-time"), "1.555"), "'1.555' is no time / give seconds from 1 to 10");
    EXPECT_EQ(again(spec(bridge, "stp.priority"), "65536"),
              "'65536' is no number that fits here / give a number from 0 to 65535");
    EXPECT_EQ(again(spec(bridge, "stp.priority"), "high"), "'high' is no number / give a number from 0 to 65535");
    EXPECT_EQ(again(spec(bridge, "vlan-protocol"), "dot1q"), "'dot1q' is no VLAN protocol / write 802.1q or 802.1ad");
    EXPECT_EQ(again(spec(bond_options(), "lacp_rate"), "quick"),
              "'quick' is no known word here / write one of slow, fast");
    EXPECT_EQ(again(spec(bond_options(), "arp_ip_target"), "2001:db8::1"),
              "'2001:db8::1' is no list of IPv4 addresses / write it as 192.0.2.1,192.0.2.2; at most 16 of them");
    EXPECT_EQ(again(spec(vxlan_options(), "local"), "::1"), "'::1' is no IPv4 address / write it as 192.0.2.1");
}

TEST(OptionTextTest, TheKernelGetsTheBytesThatItExpects)
{
    EXPECT_EQ(read_option(spec(bridge_options(), "stp.forward-delay"), "15")->bytes, std::string("\xdc\x05\0\0", 4));
    EXPECT_EQ(read_option(spec(bridge_options(), "vlan-protocol"), "802.1q")->bytes, std::string("\x81\0", 2));
    EXPECT_EQ(read_option(spec(vxlan_options(), "destination-port"), "4789")->bytes, std::string("\x12\xb5", 2));
    EXPECT_EQ(read_option(spec(bridge_options(), "vlan-filtering"), "on")->bytes, std::string("\1", 1));
    EXPECT_EQ(read_option(spec(vlan_options(), "reorder-headers"), "false")->bytes, std::string("\0\0\0\0\1\0\0\0", 8));
    EXPECT_EQ(read_option(spec(bond_options(), "arp_ip_target"), "192.0.2.1")->bytes,
              std::string("\x08\0\0\0\xc0\0\x02\x01", 8));
}

TEST(OptionTextTest, FlagsOfOneWordComeTogether)
{
    const auto vlan = vlan_options();
    LinkOptions options;
    put_option(options, spec(vlan, "reorder-headers"), *read_option(spec(vlan, "reorder-headers"), "true"));
    put_option(options, spec(vlan, "registration-protocol"), *read_option(spec(vlan, "registration-protocol"), "gvrp"));
    ASSERT_EQ(options.size(), 1U);
    EXPECT_EQ(options[0].bytes, std::string("\3\0\0\0\x0b\0\0\0", 8));
}

TEST(OptionTextTest, NoKeyStandsTwiceInATableExceptForBothFamilies)
{
    for (const auto specs : {bridge_options(), bridge_port_options(), bond_options(), vlan_options()}) {
        std::set<std::string_view> keys;
        for (const OptionSpec& spec : specs) {
            EXPECT_TRUE(keys.insert(spec.key).second) << spec.key;
        }
    }
}

}  // namespace
}  // namespace kvmkit::net
