// SPDX-License-Identifier: Apache-2.0
#include "net/state/tree.hpp"

#include "net/state/yaml.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

Tree tree_of(std::string_view text)
{
    Mistakes mistakes;
    auto tree = read_yaml(text, mistakes);
    EXPECT_TRUE(mistakes.empty());
    return tree;
}

/// Every node is found again by the path that it tells.
void expect_found(const Node& root, const Node& node)
{
    EXPECT_EQ(follow(root, path_to(node)), &node) << path_to(node);
    for (const Node& child : node.children) {
        expect_found(root, child);
    }
}

TEST(StateTreeTest, EachNodeIsFoundByItsPath)
{
    const auto tree =
        tree_of("interfaces:\n- {name: a, vlan: {id: 2, tags: [1, [2, 3]]}}\n- {name: b, 802.1x: {a.b: 1}}\n");
    expect_found(*tree, *tree);
    const Node* third = follow(*tree, "interfaces[0].vlan.tags[1][1]");
    ASSERT_NE(third, nullptr);
    EXPECT_EQ(third->text, "3");
    EXPECT_EQ(path_to(*third), "interfaces[0].vlan.tags[1][1]");
    const Node* dotted = follow(*tree, "interfaces[1].802.1x.a.b");
    ASSERT_NE(dotted, nullptr);
    EXPECT_EQ(dotted->text, "1");
}

TEST(StateTreeTest, WhatIsNotThereIsNotFound)
{
    const auto tree = tree_of("interfaces:\n- {name: a, vlan: {id: 2}}\n");
    for (const auto* const path : {"interface",
                                   "interfaces[1]",
                                   "interfaces[x]",
                                   "interfaces[0",
                                   "interfaces[0]name",
                                   "interfaces.name",
                                   "interfaces[0].vlan.i",
                                   "interfaces[0].vlan.id.x",
                                   "interfaces[99999999999999999999]"}) {
        EXPECT_EQ(follow(*tree, path), nullptr) << path;
    }
}

TEST(StateTreeTest, ARepeatedKeyOfALargeMapIsSeen)
{
    std::string text;
    for (int number = 0; number < 40; ++number) {
        text += fmt::format("key{}: 1\n", number);
    }
    for (const int twice : {0, 15, 16, 39}) {
        Mistakes mistakes;
        (void)read_yaml(text + fmt::format("key{}: 2\n", twice), mistakes);
        ASSERT_EQ(mistakes.count(), 1U);
        EXPECT_EQ(mistakes.list().front().message,
                  fmt::format("the key 'key{}' stands twice: it is in line {}, too", twice, twice + 1));
    }
}

}  // namespace
}  // namespace kvmkit::net
