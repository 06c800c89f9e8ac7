// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apply.hpp"
#include "setup/package_manager.hpp"
#include "setup/ssh/root_login.hpp"
#include "system/runner.hpp"
#include "txn/places.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Where the watchdog of host-setup hears confirm and rollback.
std::filesystem::path trial_socket(const txn::Places& places);

/// Who changes, what, and how long it waits for a confirmation.
struct RootLoginRequest {
    RootLoginOrder order = {};
    std::string command_line = {};  ///< For the journal and the locks.
    txn::Places places = {};
    PackageLimits limits = {};  ///< Of undoing what a killed run left.
};

/// Writes the setting, proves it and has sshd read it, under a watchdog: killed half-way it is undone at once, and if
/// nobody confirms it from a new login in time, too. Waits for that. Undoes first what a killed run left.
/// ErrorCode::rolled_back: another setting wins, and which; or nobody confirmed. Root.
Result<RootLoginDone> change_root_login(Runner& runner, const RootLoginRequest& request, const Talk& talk);

/// The same for who holds host-setup's locks already.
Result<RootLoginDone> change_root_login_locked(Runner& runner, const RootLoginRequest& request, const Talk& talk);

/// refused: this is the login from which the change was made, or one from before it, so that it proves nothing. Fine
/// where nothing waits.
Result<void> check_new_login(const txn::Places& places);

}  // namespace kvmkit::setup
