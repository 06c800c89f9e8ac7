// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/underlay.hpp"

#include <span>
#include <string_view>

namespace kvmkit {

/// A line of a boot log that tells what the host runs on. The table has the surest clues first.
struct Clue {
    std::string_view pattern;
    Underlay kind;
};

std::span<const Clue> clues();

}  // namespace kvmkit
