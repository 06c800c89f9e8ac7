// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <chrono>
#include <optional>

namespace kvmkit::setup {

/// How old apt's package lists are, by the last time that apt wrote among them; absent if there are none.
std::optional<std::chrono::seconds> age_of_lists(const Root& root, std::chrono::sys_seconds now);

/// From here on they are fetched again before anything is installed from them.
constexpr std::chrono::hours oldest_lists{24};

}  // namespace kvmkit::setup
