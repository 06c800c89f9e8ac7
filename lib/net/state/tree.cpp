// SPDX-License-Identifier: Apache-2.0
#include "net/state/tree.hpp"

#include "net/model/scalar.hpp"

#include <algorithm>
#include <charconv>

namespace kvmkit::net {
namespace {

void tell_children(Node& node)
{
    for (Node& child : node.children) {
        child.parent = &node;
        tell_children(child);
    }
}

/// What is left of a path behind one of its steps; null: it goes on within that word.
const Node* follow_rest(const Node& node, std::string_view rest)
{
    const bool ends_here = rest.empty() || rest.front() == '.' || rest.front() == '[';
    return ends_here ? follow(node, rest) : nullptr;
}

const Node* follow_item(const Node& list, std::string_view path)
{
    std::size_t item = 0;
    const char* const end = path.data() + path.size();
    const auto read = std::from_chars(path.data() + 1, end, item);
    const bool is_item = path.front() == '[' && read.ec == std::errc{} && read.ptr != end && *read.ptr == ']';
    return is_item && item < list.children.size()
               ? follow_rest(list.children[item], {read.ptr + 1, static_cast<std::size_t>(end - read.ptr) - 1})
               : nullptr;
}

}  // namespace

Tree whole(Node root)
{
    auto tree = std::make_shared<Node>(std::move(root));
    tell_children(*tree);
    return tree;
}

std::string path_to(const Node& node)
{
    if (node.parent == nullptr) {
        return {};
    }
    std::string path = path_to(*node.parent);
    if (node.parent->kind == Node::Kind::list) {
        return path.append("[").append(std::to_string(&node - node.parent->children.data())).append("]");
    }
    return path.append(path.empty() ? "" : ".").append(node.key);
}

const Node* follow(const Node& root, std::string_view path)
{
    if (path.empty()) {
        return &root;
    }
    if (root.kind == Node::Kind::list) {
        return follow_item(root, path);
    }
    path.remove_prefix(path.front() == '.' ? 1 : 0);
    for (const Node& child : root.children) {  // keys may hold dots
        const Node* found = path.starts_with(child.key) ? follow_rest(child, path.substr(child.key.size())) : nullptr;
        if (found != nullptr) {
            return found;
        }
    }
    return nullptr;
}

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
