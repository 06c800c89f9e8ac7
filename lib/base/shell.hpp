// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kvmkit {

/// Whether a shell and sed take every character of this word for itself, and no program takes it for an option.
bool is_plain_word(std::string_view word) noexcept;

/// The word as a shell takes it back: as it is, or in single quotes.
std::string shell_word(std::string_view word);

}  // namespace kvmkit
