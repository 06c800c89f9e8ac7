// SPDX-License-Identifier: Apache-2.0
#pragma once

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
};

/// The value of a map's key, or null.
const Node* find(const Node& map, std::string_view key);

/// Whether it asks for nothing: null, false, an empty text, list or map, or such things only.
bool says_off(const Node& node);

}  // namespace kvmkit::net
