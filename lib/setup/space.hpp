// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt_output.hpp"
#include "setup/distribution.hpp"

#include <filesystem>

namespace kvmkit::setup {

/// Where the package manager keeps what it fetches, below the host's root.
constexpr const char* apt_cache = "var/cache/apt/archives";
const char* cache_of(Installer installer);

/// Whether the downloads fit on the file system of that cache and the packages on those of /usr and /var, counted
/// together where they are one. ErrorCode::refused names the directory, what it needs and what it has; or
/// one of those that packages are written to, where it is mounted read-only.
Result<void> check_space(const std::filesystem::path& top, const Price& price, const char* cache = apt_cache);

}  // namespace kvmkit::setup
