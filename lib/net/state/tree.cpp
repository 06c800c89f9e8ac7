// SPDX-License-Identifier: Apache-2.0
#include "net/state/tree.hpp"

#include "net/model/scalar.hpp"

#include <algorithm>

namespace kvmkit::net {

const Node* find(const Node& map, std::string_view key)
{
    const auto found = std::ranges::find(map.children, key, &Node::key);
    return map.kind != Node::Kind::map || found == map.children.end() ? nullptr : &*found;
}

bool says_off(const Node& node)
{
    if (node.kind == Node::Kind::scalar) {
        return node.text.empty() || read_boolean(node.text) == false;
    }
    return std::ranges::all_of(node.children, says_off);
}

}  // namespace kvmkit::net
