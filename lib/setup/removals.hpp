// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/package_manager.hpp"

#include <string>
#include <vector>

namespace kvmkit::setup {

/// accept() for an installation of which these packages may go, and no other. ErrorCode::refused names those that may
/// not, and how they would be let go: by apt alone, the others solve it in ways of their own.
Result<void> accept_removals(const Price& price, const std::vector<std::string>& allowed, Installer installer);

}  // namespace kvmkit::setup
