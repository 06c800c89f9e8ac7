// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/package_manager.hpp"
#include "setup/sources/proof.hpp"
#include "setup/sources/update_failure.hpp"
#include "setup/sources/workshop.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// As prove_sources(), by dnf, dnf5, zypper or pacman: the repositories that come from the archive are read, strictly,
/// in folders of our own, and the installation is planned from them and from what else is the distribution's. Checks of
/// signatures are as the repositories say. Root.
Result<void> prove_repositories(Runner& runner, const Workshop& workshop, const ProofOrder& order, Installer installer);

/// Reads what comes from the archive by the host's own settings, strictly. ErrorCode::rolled_back: it does not serve.
/// Other repositories are not asked. What pacman fetched from elsewhere lies in lists of ours. Root.
Result<void> refresh_repositories(
    Runner& runner, const PackageLimits& limits, const Root& root, Installer installer, const std::string& archive);

/// Why a repository could not be read, from what dnf, zypper or pacman said; absent: nothing of it is known here.
std::optional<UpdateFailure> read_repository_failure(std::string_view text);

}  // namespace kvmkit::setup
