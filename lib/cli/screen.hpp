// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string_view>

namespace kvmkit::cli {

/// Whether standard output is a terminal on which text can be drawn over.
bool output_is_terminal();

/// Draws a text over what stands on the terminal, cut to its height: what scrolled away could not be drawn over.
void redraw(std::ostream& out, std::string_view text);

}  // namespace kvmkit::cli
