// SPDX-License-Identifier: Apache-2.0
#include "net/state/yaml.hpp"

#include "unit/net/state/reading.hpp"

namespace kvmkit::net {
namespace {

TEST(StateYamlTest, JsonWithTabsIsReadLikeYaml)
{
    EXPECT_EQ(wishes("{\n\t\"interfaces\": [\n\t\t{\"name\": \"br0\", \"type\": \"linux-bridge\"}\n\t]\n}\n")
                  .interfaces.size(),
              1U);
}

TEST(StateYamlTest, AByteOrderMarkAndAnEmptyListAreTaken)
{
    EXPECT_TRUE(wishes("\xef\xbb\xbfinterfaces: []\n").interfaces.empty());
    EXPECT_TRUE(wishes("---\ninterfaces:\n").interfaces.empty());
}

TEST(StateYamlTest, WhatIsNoTextIsRefusedWithItsPlace)
{
    EXPECT_EQ(mistakes_in(std::string_view("interfaces:\n- name: a\0b\n", 23)),
              "2:10 : a NUL byte stands here: this is no text\n");
    EXPECT_EQ(mistakes_in("interfaces: []\nx: \xe4\n"), "2:4 : bytes that are no UTF-8 stand here\n");
    EXPECT_EQ(mistakes_in("x: \x1b[31m\n"), "1:4 : a control character stands here (0x1b)\n");
}

TEST(StateYamlTest, AFileWithoutContentIsNoStateFile)
{
    for (const char* text : {"", "\n", "# nothing\n", "---\n", "~\n"}) {
        EXPECT_EQ(mistakes_in(text), "1:1 : the file holds nothing\n") << text;
    }
    EXPECT_EQ(mistakes_in("words\n"), "1:1 : a map of keys is expected here, and a single value stands here\n");
    EXPECT_EQ(mistakes_in("- a\n"), "1:1 : a map of keys is expected here, and a list stands here\n");
}

TEST(StateYamlTest, FilesThatGrowBeyondMeasureAreRefused)
{
    EXPECT_EQ(mistakes_in(std::string(max_state_size + 1, ' ')), "1:1 : the file is larger than 4 MiB\n");
    EXPECT_EQ(mistakes_in("interfaces: " + std::string(40, '[') + std::string(40, ']')),
              "1:44 : values lie more than 32 levels deep\n");
    EXPECT_NE(mistakes_in("interfaces: " + std::string(5000, '[')), "");
}

TEST(StateYamlTest, AliasesAreFollowedUnlessTheyExplode)
{
    const auto network = wishes("interfaces:\n- &card\n  name: eth1\n  ipv4: &none {enabled: false}\n  ipv6: *none\n");
    EXPECT_EQ(network.interfaces.at(0).ipv6.enabled, false);
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const auto before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 10; ++k) {
            bomb += (k == 0 ? "" : ", ") + before;
        }
        bomb += "]\n";
    }
    EXPECT_NE(mistakes_in(bomb).find("repeat more than 100000 values"), std::string::npos) << mistakes_in(bomb);
    EXPECT_EQ(mistakes_in("interfaces: &a [*a]\n"), "1:17 : an alias stands inside the value that it repeats\n");
    EXPECT_EQ(mistakes_in("x: &a 1\ny: &a [*a]\n"), "2:8 : an alias stands inside the value that it repeats\n");
    const auto told = mistakes_in("x: &a {y: &a 1, z: *a}\n&k key: 2\nw: *k\n");
    EXPECT_EQ(told.find("alias"), std::string::npos) << told;
    EXPECT_EQ(told.find("named"), std::string::npos) << told;
    EXPECT_EQ(mistakes_in("x: 1\ny: \xc2\x9b\n"), "2:4 : a character that YAML does not take stands here (U+009B)\n");
    EXPECT_NE(mistakes_in("interfaces: *a\n").find("cannot read it as YAML"), std::string::npos);
}

TEST(StateYamlTest, KeysStandOnceAndAreWords)
{
    EXPECT_EQ(mistakes_in("interfaces: []\nroutes: {}\ninterfaces: []\n"),
              "3:1 : the key 'interfaces' stands twice: it is in line 1, too\n");
    // The first of both counts for what else is said.
    EXPECT_EQ(
        mistakes_in("interfaces:\n- {name: a, bridge: {vlan: {mode: trunk, tag: , trunk-tags: [{id: 2}], tag: 7}}}\n"),
        "2:72 : the key 'tag' stands twice: it is in line 2, too\n");
    EXPECT_EQ(mistakes_in("? [a]\n: b\n"), "1:3 : a key must be a plain word\n");
}

TEST(StateYamlTest, OneDocumentIsAFile)
{
    EXPECT_EQ(mistakes_in("interfaces: []\n---\ninterfaces: []\n"), "2:1 : a second document begins here\n");
}

TEST(StateYamlTest, TagsOfPrivateKindsAreRefused)
{
    EXPECT_EQ(mistakes_in("interfaces: !secret []\n"), "1:13 : the tag '!secret' means nothing here\n");
    EXPECT_TRUE(wishes("interfaces: !!seq []\n").interfaces.empty());
}

TEST(StateYamlTest, ColumnsCountCharacters)
{
    EXPECT_EQ(mistakes_in("interfaces:\n- {description: \"gr\xc3\xbc\xc3\x9f\", name: br0, mtu: x}\n"),
              "2:41 interfaces[0].mtu: 'x' is no number\n");
}

TEST(StateYamlTest, AValueThatIsMissingStandsAtItsKey)
{
    EXPECT_EQ(mistakes_in("interfaces:\n- name:\n  type: dummy\n"), "2:3 interfaces[0]: the interface has no 'name'\n");
}

TEST(StateFileTest, WhatIsFoundWrongLaterIsPointedAtByItsPath)
{
    const auto file = read_state_file("lan.yml", "interfaces:\n- name: br0\n  type: linux-bridge\n  mtu: 9000\n");
    ASSERT_TRUE(file);
    EXPECT_EQ(pointed_at(*file, "interfaces[0].mtu", "the kernel refuses it"),
              "lan.yml:4:8: the kernel refuses it\n    mtu: 9000\n         ^\n  at interfaces[0].mtu");
    EXPECT_EQ(pointed_at(*file, "interfaces[0].bridge.port[3]", "gone").substr(0, 18), "lan.yml:2:3: gone\n");
    EXPECT_EQ(pointed_at(*file, "", "all of it").substr(0, 23), "lan.yml:1:1: all of it\n");
}

TEST(StateFileTest, AKeyOfAnotherSpellingIsPointedAtWhereItStands)
{
    const auto file = read_state_file("lan.yml",
                                      "interfaces:\n- name: br0\n  type: linux-bridge\n  bridge:\n    options:\n"
                                      "      group-fwd-mask: 8\n    port:\n    - name: eth1\n      hairpin: true\n");
    ASSERT_TRUE(file) << file.error().message;
    const auto place = [&file](const KeyPath& path) { return pointed_at(*file, path, "refused").substr(0, 13); };
    EXPECT_EQ(place("interfaces[0].bridge.options.group-forward-mask"), "lan.yml:6:23:");
    EXPECT_EQ(place("interfaces[0].bridge.port[0].stp-hairpin-mode"), "lan.yml:9:16:");
}

TEST(StateFileTest, WhatTheParserGivesUpOnIsToldInWords)
{
    const auto hint = [](std::string_view text) {
        const auto file = read_state_file("lan.yml", text);
        const auto message = file ? std::string{"a valid file"} : file.error().message;
        return message.substr(message.rfind('\n') + 1);
    };
    EXPECT_EQ(hint("interfaces:\n\t- name: br0\n"), "  indent with blanks: YAML takes no tabs there");
    EXPECT_EQ(hint("interfaces: [{name: br0}\n"), "  close the bracket");
    EXPECT_EQ(hint("{\"interfaces\": [{\"name\": \"br0\"}]\n"), "  close the bracket");
    EXPECT_EQ(hint("interfaces:\n- name: br0\n type: dummy\n"), "  indent the line as those that it belongs to");
    EXPECT_EQ(hint("interfaces:\n- name br0\n  type: dummy\n"),
              "  indent the key as those beside it; a line above may lack its ':'");
    EXPECT_EQ(hint("interfaces: - name: br0\n"),
              "  a list begins in a line of its own, indented as the key above or further");
    EXPECT_EQ(hint("interfaces:\n  name: br0\n"), "  begin each item with '- '");
    EXPECT_EQ(hint("dns-resolver: {config: {server: 192.0.2.53}}\n"), "  write [192.0.2.53]");
    EXPECT_EQ(hint("x: &a {type: dummy}\ninterfaces:\n- <<: *a\n  name: br0\n"),
              "  write the keys themselves, or repeat a whole value with an alias");
}

TEST(StateFileTest, AMistakeThatTwoReadersMeetIsToldOnce)
{
    const auto file =
        read_state_file("lan.yml", "interfaces:\n- {name: br0, type: linux-bridge, bridge: {port: {name: a}}}\n");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message.find("1 mistake\n") != std::string::npos, true) << file.error().message;
}

TEST(StateFileTest, AnAddressOfTheOtherFamilyIsToldBeforeItsPrefixLength)
{
    EXPECT_EQ(mistakes_in("interfaces:\n- {name: a, ipv4: {address: [{ip: fd00::1, prefix-length: 64}]}}\n"),
              "2:35 interfaces[0].ipv4.address[0].ip: 'fd00::1' is no IPv4 address\n");
}

TEST(StateFileTest, AnErrorHoldsEveryMistake)
{
    const auto file = read_state_file("lan.yml", "interfaces:\n- {name: a, mtu: x}\n- {name: b, mtu: y}\n");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::usage);
    EXPECT_EQ(file.error().message,
              "cannot use state file 'lan.yml': 2 mistakes\n"
              "lan.yml:2:18: 'x' is no number\n  - {name: a, mtu: x}\n                   ^\n"
              "  at interfaces[0].mtu\n  give a number from 68 to 65535\n"
              "lan.yml:3:18: 'y' is no number\n  - {name: b, mtu: y}\n                   ^\n"
              "  at interfaces[1].mtu\n  give a number from 68 to 65535");
}

}  // namespace
}  // namespace kvmkit::net
