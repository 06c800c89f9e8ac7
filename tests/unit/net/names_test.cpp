// SPDX-License-Identifier: Apache-2.0
#include "net/model/names.hpp"
#include "base/printable.hpp"
#include "net/model/address.hpp"

#include <array>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

TEST(LinkNameTest, TakesWhatTheKernelTakes)
{
    for (const auto* text : {"br0", "eth0.100", "a", "fifteen-letters", "enp3s0f1np1", "br-lan_2@x"}) {
        const auto name = LinkName::parse(text);
        ASSERT_TRUE(name) << text;
        EXPECT_EQ(name->str(), text);
    }
}

TEST(LinkNameTest, RefusesWhatTheKernelWouldRefuseOrTakeDifferently)
{
    for (const auto* text : {"", ".", "..", "a b", "a/b", "a:1", "br%d", "tab\t", "line\n", "all", "default"}) {
        const auto name = LinkName::parse(text);
        ASSERT_FALSE(name) << text;
        EXPECT_EQ(name.error().code, ErrorCode::usage);
        EXPECT_FALSE(name.error().hint.empty());
    }
}

TEST(LinkNameTest, ProposesAShorterNameForOneThatIsTooLong)
{
    const auto name = LinkName::parse("averyveryverylongname.100");
    ASSERT_FALSE(name);
    EXPECT_EQ(name.error().message,
              "cannot use link name 'averyveryverylongname.100': it has 25 characters, the kernel takes 15");
    EXPECT_EQ(name.error().hint, "a shorter one: averyveryve.100");
}

TEST(LinkNameTest, RefusesWhatCannotBeShownAndShowsNoneOfIt)
{
    using namespace std::string_view_literals;
    constexpr std::array names{
        "zz\0y"sv, "\x1b[31mX"sv, "bell\a"sv, "del\x7f"sv, "c1\xC2\x9B"sv, "left\xE2\x80\xAE"sv, "latin\xE9"sv};
    for (const auto text : names) {
        const auto name = LinkName::parse(text);
        ASSERT_FALSE(name) << text;
        EXPECT_EQ(name.error().code, ErrorCode::usage);
        EXPECT_NE(name.error().message.find("cannot be shown"), std::string::npos) << name.error().message;
        EXPECT_EQ(printable(name.error().message, 400), name.error().message);
    }
    EXPECT_TRUE(LinkName::parse("br\xC3\xBC"));
    const auto blank = LinkName::parse("br\xC3\xA0");  // its second byte is a blank to the kernel
    ASSERT_FALSE(blank);
    EXPECT_NE(blank.error().message.find("for a blank"), std::string::npos);
}

TEST(LinkNameTest, AProposalKeepsLettersWhole)
{
    EXPECT_EQ(shortened("br-\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC.100"),
              "br-\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC.100");
    const auto name = LinkName::parse("br\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC");
    ASSERT_FALSE(name);
    EXPECT_NE(name.error().message.find("it has 16 bytes"), std::string::npos) << name.error().message;
    EXPECT_EQ(name.error().hint, "a shorter one: br\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC");
    EXPECT_EQ(LinkName::parse("................").error().hint, "choose one of at most 15 bytes");
}

TEST(LinkNameTest, EveryProposalIsAName)
{
    for (const auto* text : {"bridge-production-0",
                             "----------------",
                             "br................",
                             "0123456789abcdef",
                             "x-a-very-long-tail-that-does-not-fit",
                             "ends-with-a-dash-"}) {
        const auto proposal = shortened(text);
        EXPECT_LE(proposal.size(), max_link_name) << text;
        if (text[0] != '-') {
            EXPECT_TRUE(LinkName::parse(proposal)) << text << " -> " << proposal;
        }
    }
    EXPECT_EQ(shortened("bridge-production-0"), "bridge-produc-0");
    EXPECT_EQ(shortened("br0"), "br0");
}

TEST(MacAddressTest, ReadsAndWritesTheUsualForm)
{
    const auto mac = MacAddress::parse("52:54:00:AB:cd:ef");
    ASSERT_TRUE(mac);
    EXPECT_EQ(mac->str(), "52:54:00:ab:cd:ef");
    for (const auto* text : {"", "52:54:00:ab:cd", "52-54-00-ab-cd-ef", "52:54:00:ab:cd:eg", "52:54:00:ab:cd:ef:"}) {
        EXPECT_FALSE(MacAddress::parse(text)) << text;
    }
}

TEST(MacAddressTest, RandomOnesAreLocalUnicastAndDiffer)
{
    const auto one = MacAddress::random();
    const auto two = MacAddress::random();
    ASSERT_TRUE(one && two);
    EXPECT_NE(*one, *two);
    EXPECT_EQ(one->octets()[0] & 0x03U, 0x02U);
}

TEST(InterfaceAddressTest, ReadsAndWritesBothFamilies)
{
    for (const auto* text : {"192.0.2.1/24", "0.0.0.0/0", "10.255.0.1/32", "2001:db8::1/64", "fe80::1/128", "::/0"}) {
        const auto address = InterfaceAddress::parse(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->str(), text);
    }
    EXPECT_TRUE(InterfaceAddress::parse("fe80::1/64")->is_ipv6_link_local());
    EXPECT_TRUE(InterfaceAddress::parse("febf::1/64")->is_ipv6_link_local());
    EXPECT_FALSE(InterfaceAddress::parse("fec0::1/64")->is_ipv6_link_local());
    for (const auto* address : {"192.0.2.1/24",
                                "192.0.3.0/23",
                                "192.0.3.0/22",
                                "192.0.2.254/31",
                                "192.0.2.255/31",
                                "192.0.2.0/32",
                                "fe80::1/64",
                                "2001:db8::/64",
                                "2001:db8::ffff:ffff:ffff:ffff/64"}) {
        EXPECT_TRUE(InterfaceAddress::parse(address)->is_host_address()) << address;
    }
    for (const auto* address : {"0.0.0.0/0", "127.0.0.1/8", "224.0.0.1/24", "::/64", "::1/128", "ff02::1/64"}) {
        EXPECT_FALSE(InterfaceAddress::parse(address)->is_host_address()) << address;
    }
    for (const auto* address : {"192.0.2.0/24", "192.0.2.255/24", "192.0.2.4/30", "192.0.2.7/30", "10.255.255.255/8"}) {
        EXPECT_FALSE(InterfaceAddress::parse(address)->is_host_address()) << address;
    }
    EXPECT_FALSE(InterfaceAddress::parse("169.254.1.1/16")->is_ipv6_link_local());
}

TEST(InterfaceAddressTest, NeedsAPrefixThatFits)
{
    for (const auto* text : {"192.0.2.1",
                             "192.0.2.1/",
                             "192.0.2.1/33",
                             "192.0.2/24",
                             "2001:db8::1/129",
                             "/24",
                             "",
                             "192.0.2.1/24 ",
                             "192.0.2.1/-1",
                             "host/24"}) {
        const auto address = InterfaceAddress::parse(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().code, ErrorCode::usage);
    }
}

TEST(MtuTest, IsBetween68And65535)
{
    EXPECT_EQ(*parse_mtu("9000"), 9000U);
    for (const auto* text : {"", "67", "65536", "1500x", "-1", " 1500"}) {
        EXPECT_FALSE(parse_mtu(text)) << text;
    }
}

}  // namespace
}  // namespace kvmkit::net
