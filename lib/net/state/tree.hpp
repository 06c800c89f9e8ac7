// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// A position in a file, counted from 1. Columns count characters, not bytes.
struct Place {
    unsigned line = 1;
    unsigned column = 1;

    auto operator<=>(const Place&) const = default;
};

/// What a state file holds, before anybody asks what it means.
struct Node {
    enum class Kind { nothing, scalar, list, map };

    Kind kind = Kind::nothing;
    std::string text = {};  ///< Of a scalar.
    Place place = {};
    std::string key = {};  ///< Of a map's value.
    Place key_place = {};
    std::vector<Node> children = {};  ///< Items of a list, values of a map.
    const Node* parent = nullptr;     ///< Of a tree that was read as a whole; null: the root.
};

/// A tree that stays where it is, so that its nodes know those above them.
using Tree = std::shared_ptr<const Node>;
Tree whole(Node root);

/// Where a node lies below its root, as "interfaces[3].vlan.id"; empty: it is the root.
std::string path_to(const Node& node);

/// The node that such a path leads to, or null.
const Node* follow(const Node& root, std::string_view path);

/// The value of a map's key, or null.
const Node* find(const Node& map, std::string_view key);

/// Whether it asks for nothing: null, false, an empty text, list or map, or such things only.
bool says_off(const Node& node);

}  // namespace kvmkit::net
