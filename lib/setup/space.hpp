// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt_output.hpp"

#include <filesystem>

namespace kvmkit::setup {

/// Whether the downloads fit on the file system of apt's cache and the packages on those of /usr and /var, counted
/// together where they are one. ErrorCode::refused names the directory, what it needs and what it has.
Result<void> check_space(const std::filesystem::path& top, const Price& price);

}  // namespace kvmkit::setup
