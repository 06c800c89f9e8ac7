// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/dpkg.hpp"
#include "system/root.hpp"

#include <filesystem>

namespace kvmkit::setup {

/// pacman's own database: sync/ holds the package lists, local/ what is installed.
constexpr const char* pacman_database = "var/lib/pacman";
/// Lists of ours beside the same local/. Both below the host's root, `top`.
constexpr const char* pacman_own_lists = "var/cache/kvmkit/pacman";

/// Whether ours are there and not older than pacman's.
bool own_lists_are_newer(const std::filesystem::path& top);

/// An empty place for lists of ours, in place of one that is there. Root.
Result<void> make_own_lists(const std::filesystem::path& top);
void drop_own_lists(const std::filesystem::path& top);

/// Keeps pacman's lists beside ours before pacman fetches new ones. Root.
Result<void> keep_lists(const std::filesystem::path& top);

/// Puts the kept ones back, if what is installed is still what it was then. Root.
Result<void> give_lists_back(const std::filesystem::path& top);

/// What is installed, from the files of pacman's database: serves images and recorded hosts as well. `architecture` is
/// the host's. not_found where there is no database.
Result<PackageTable> read_pacman_packages(const Root& root, const std::string& architecture);

}  // namespace kvmkit::setup
