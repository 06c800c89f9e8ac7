// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/package_manager.hpp"
#include "system/runner.hpp"

namespace kvmkit::setup {

/// Runs a package manager. What it said before it was ended at its timeout stands in the error and in the log: without
/// that nobody could tell which of its packages hangs.
Result<Completed> run_heard(Runner& runner, ChildCommand command, const PackageLimits& limits);

}  // namespace kvmkit::setup
