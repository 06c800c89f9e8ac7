// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/draw/layers.hpp"

namespace kvmkit::net {

/// How a tree is drawn in a terminal.
struct TreeLook {
    std::size_t width = 0;  ///< Columns that no line exceeds; 0: as wide as it gets.
    bool utf8 = true;       ///< With box characters; else with those of ASCII.
    bool colour = false;
};

/// One line per box, details on further ones where they do not fit. What rests on several boxes is drawn on the first
/// and named on the others.
std::string draw_tree(const Layers& layers, const TreeLook& look);

}  // namespace kvmkit::net
