// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/draw/layers.hpp"

namespace kvmkit::net {

/// The measures of a drawing, in its units: those of a letter of its fixed-width font, and what lies around text.
struct Measures {
    double letter = 7.9;  ///< Wider than those fonts are at 13 units, so that no text leaves its box.
    double line = 18;
    double padding = 10;
    double row_gap = 14;
    double column_gap = 48;
    double margin = 20;
};

/// Where a box lies, and the lines of text in it.
struct Place {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
    std::size_t column = 0;
    std::vector<std::string> lines = {};  ///< Name, kind and state, details.
};

struct Layout {
    std::vector<Place> places = {};  ///< One for each box of the layers.
    double width = 0;
    double height = 0;
};

/// A box lies right of all that it rests on; no two overlap.
Layout lay_out(const Layers& layers, const Measures& measures);

}  // namespace kvmkit::net
