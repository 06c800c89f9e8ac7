// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/state/mistakes.hpp"
#include "net/state/tree.hpp"

#include <string_view>

namespace kvmkit::net {

/// The largest state file, in bytes.
constexpr std::size_t max_state_size = std::size_t{4} << 20U;

/// Reads one document of YAML or JSON. Null after a mistake. Refused: what is not UTF-8, holds NUL bytes, or would
/// grow beyond measure (size, depth, aliases); keys that stand twice; keys that are no text.
/// `first_key`: with which whoever wrote nothing may begin.
Tree read_yaml(std::string_view text, Mistakes& mistakes, std::string_view first_key = "interfaces");

/// A text without the mark by which some editors say that it is UTF-8.
std::string_view without_byte_order_mark(std::string_view text);

}  // namespace kvmkit::net
