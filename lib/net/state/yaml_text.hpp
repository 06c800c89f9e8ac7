// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/state/mistakes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// Where a byte of the text stands.
Place place_of_byte(std::string_view text, std::size_t position);

/// Why a text must not come before a parser, which would guess at encodings: it is too large, or no UTF-8 text.
std::optional<Mistake> unreadable(std::string_view text);

/// What is probably wrong where the parser gave up, in a line that counts from 0: its own words tell how it reads, not
/// what was written. Empty: nobody knows.
std::string hint_for(std::string_view problem, std::string_view text, std::size_t line);

}  // namespace kvmkit::net
