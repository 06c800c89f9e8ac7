// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/draw/layers.hpp"

namespace kvmkit::net {

/// The same picture as a drawing of its own: layers from left to right, each box once, all lines between them. Needs no
/// font, script or file besides, and follows the reader's choice of light or dark.
std::string draw_svg(const Layers& layers);

}  // namespace kvmkit::net
