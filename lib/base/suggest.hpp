// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kvmkit {

/// The candidate that the user most likely meant, or none: at most one edit in three letters, transpositions count one.
std::optional<std::string> did_you_mean(std::string_view typed, std::span<const std::string> candidates);

}  // namespace kvmkit
