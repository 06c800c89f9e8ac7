// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <string_view>

namespace kvmkit::setup {

/// A size that a package manager wrote as a number: 0 for what no machine has (negative, not a number, 2^63 and more).
Bytes whole_bytes(double value);

/// "279.00 B", "2.93 KiB", "1.50 GiB": sizes as pacman and dnf5 write them; 0 for anything else.
Bytes read_binary_size(std::string_view text);

}  // namespace kvmkit::setup
