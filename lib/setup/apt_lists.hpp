// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/distribution.hpp"
#include "system/root.hpp"

#include <chrono>
#include <optional>

namespace kvmkit::setup {

/// How old the package lists of apt, dnf, zypper or pacman are, by the last time that it wrote among them; absent if
/// there are none.
std::optional<std::chrono::seconds> age_of_lists(const Root& root,
                                                 std::chrono::sys_seconds now,
                                                 Installer installer = Installer::apt);

/// From here on they are fetched again before anything is installed from them.
constexpr std::chrono::hours oldest_lists{24};

}  // namespace kvmkit::setup
