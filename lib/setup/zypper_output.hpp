// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/apt_output.hpp"
#include "setup/apt_progress.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Pure readers of what zypper 1.14 prints with LC_ALL=C.UTF-8.

/// Reads the <install-summary> of `zypper --xmlout ... --dry-run`; absent where it did not come so far.
std::optional<Price> read_zypper_summary(std::string_view xml);

/// Name to version from `zypper --xmlout search -s`; of several versions the first.
std::map<std::string, std::string> read_zypper_candidates(std::string_view xml);

/// "Problem: nothing provides nowhere needed by broken-7.2-1.noarch": why its solver gave up, from either output. Each
/// once.
std::vector<std::string> read_zypper_conflicts(std::string_view text);

/// The lines that say that a repository was not read.
std::vector<std::string> read_zypper_problems(std::string_view text);

/// "(2/3) Installing: mine-7.2-1.noarch [..done]": how far it is; absent for most lines.
std::optional<PackageProgress> read_zypper_progress(std::string_view line);

}  // namespace kvmkit::setup
