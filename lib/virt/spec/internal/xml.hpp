// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <utility>

#include <pugixml.hpp>

namespace kvmkit::virt {

using Node = pugi::xml_node;

/// Appends an element with its attributes.
inline Node add(Node parent,
                const char* name,
                std::initializer_list<std::pair<const char*, std::string>> attributes = {})
{
    Node node = parent.append_child(name);
    for (const auto& [key, value] : attributes) {
        node.append_attribute(key).set_value(value.c_str());
    }
    return node;
}

}  // namespace kvmkit::virt
