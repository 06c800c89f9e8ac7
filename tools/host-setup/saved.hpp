// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "plan.hpp"
#include "setup/apply.hpp"
#include "setup/saved_plan.hpp"
#include "system/root.hpp"

#include <string>

namespace kvmkit::host_setup {

/// permission: only root may read all that a plan depends on; usage: a plan of an image is not to be applied.
Result<void> check_may_save(const Root& root);

/// The plan with all that it depends on: `watched` was looked at before it was planned.
setup::SavedPlan plan_to_save(const cli::Arguments& arguments,
                              const setup::Host& host,
                              const Planned& planned,
                              setup::Sightings watched);

/// Writes it, for root alone to read. ErrorCode::usage: there is something else than a plain file.
Result<void> save(const setup::SavedPlan& plan, const std::string& file);

/// What a command line of apply asks for, without having looked at the host: what its journal keeps.
setup::SavedPlan order_of(const cli::Arguments& arguments, const Chosen& chosen, const std::string& user);

/// What apply is asked for by a plan; of one that was not looked at, its order alone. ErrorCode::refused: it is of
/// another host or version.
Result<setup::Request> request_of(const cli::Arguments& arguments, setup::SavedPlan plan);

/// Reads --plan FILE and makes of it what apply is asked for. ErrorCode::usage: it is no plan, or something else was
/// asked for beside it; refused: it is of another host or version, or others can write it.
Result<setup::Request> read_planned_request(const cli::Arguments& arguments);

}  // namespace kvmkit::host_setup
