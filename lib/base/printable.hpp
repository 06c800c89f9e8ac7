// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// Without terminal escape sequences and NUL bytes, so that coloured and UTF-16 logs read like plain ones. Other bytes
/// stay as they are.
std::string without_escapes(std::string_view text);

/// What may be shown on a terminal, at most `max_bytes` of it: without escape sequences, and with '?' for whatever is
/// not printable UTF-8: control characters, broken bytes, marks that turn the direction of writing. A tab becomes a
/// blank; a text that was cut ends with "...".
std::string printable(std::string_view text, std::size_t max_bytes);

/// Where the first byte stands that is not UTF-8 in its shortest form; absent: there is none.
std::optional<std::size_t> first_broken_byte(std::string_view text);

}  // namespace kvmkit
