// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kvmkit::net {

/// A number as state files write it: decimal, or hexadecimal as 0x1f. Absent for anything else.
std::optional<std::uint64_t> read_number(std::string_view text);

/// 1, true, yes, on, y and their opposites, in any case. Absent for anything else.
std::optional<bool> read_boolean(std::string_view text);

}  // namespace kvmkit::net
