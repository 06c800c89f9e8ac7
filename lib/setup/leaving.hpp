// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/arrivals.hpp"
#include "setup/package_manager.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"
#include "txn/journal.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// What rollback --packages takes off a host that apt serves. By the names that apt gives packages.
struct Leaving {
    std::vector<std::string> remove;
    std::vector<std::string> purge;  ///< Of those the ones whose settings go with them.
};

/// Of what a transaction's apt brought, that which is still there; what somebody removed since is passed over. Changes
/// nothing. ErrorCode::refused: it is not known what apt brought, dpkg is in the middle of something, or something else
/// would have to go, too. Nothing where another package manager serves: what that brought goes without being asked for.
Result<Leaving> plan_leaving(const Root& root, Runner& runner, const PackageLimits& limits, const txn::Record& record);

/// The step of a journal that such a removal is, to be recorded ahead of it.
txn::Intent intent_of(const Leaving& leaving);

/// Whether a journal has such a step: somebody asked for it before.
bool was_ordered(const txn::Record& record);

/// What stays of it once that is done, and why.
std::vector<std::string> what_stays(const Root& root, Runner& runner, const txn::Record& record);

/// What a rollback without them tells of packages; absent: there is nothing to tell.
std::optional<std::string> packages_note(const txn::Record& record);

}  // namespace kvmkit::setup
