// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kvmkit::net {

/// The characters of a UTF-8 text, each taken for one column.
std::size_t columns_of(std::string_view text) noexcept;

/// At most that many columns; what was cut ends with `mark`.
std::string cut_to(std::string_view text, std::size_t columns, std::string_view mark);

}  // namespace kvmkit::net
