// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/runner.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace kvmkit::txn {

/// Moves a process into a systemd scope of its own, so that it outlives the session that it was started in, also where
/// systemd ends a session's whole group. Where systemd does not run there is nothing to do.
Result<void> move_to_own_scope(Runner& runner,
                               pid_t pid,
                               const std::string& unit,
                               const std::filesystem::path& root = "/");

}  // namespace kvmkit::txn
