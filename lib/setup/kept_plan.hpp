// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apply.hpp"
#include "setup/saved_plan.hpp"
#include "txn/journal.hpp"
#include "txn/places.hpp"

#include <optional>

namespace kvmkit::setup {

/// Begins the journal of an application, and lays beside it what is to be made: resume --finish goes by that.
Result<txn::Journal> begin_journal(const Request& request);

/// What lies beside a transaction's journal; absent: nothing, as with those of commands that keep no plan.
Result<std::optional<SavedPlan>> kept_plan(const txn::Record& record);

/// Lays what the packages cost beside the journal of an application without a plan: resume and the next application
/// tell by it what dpkg may have been in the middle of.
Result<void> keep_cost(const txn::Journal& journal, const Price& price, const SavedPlan& order);

/// What was begun to be installed and is to be gone on with, so that a dpkg that was broken off is our own: the
/// packages of a saved plan that came so far; without one, those of the last application that began with any, if it was
/// killed there and is taken back.
std::optional<SavedPlan> begun_by(const Request& request, Headway headway);

/// How far the last transactions came with this very plan: those that were to make it, one right after the other, never
/// stood, and were taken back. What `host-setup rollback` takes back stood.
Headway headway_of(const txn::Places& places, const SavedPlan& plan);

}  // namespace kvmkit::setup
