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

/// How far the last transactions came with this very plan: those that were to make it, one right after the other, never
/// stood, and were taken back. What `host-setup rollback` takes back stood.
Headway headway_of(const txn::Places& places, const SavedPlan& plan);

}  // namespace kvmkit::setup
