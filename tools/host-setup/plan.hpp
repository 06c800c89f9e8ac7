// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "setup/plan.hpp"
#include "system/root.hpp"

#include <optional>

namespace kvmkit::host_setup {

/// What was asked for, and what it comes to.
struct Planned {
    setup::Components components;
    setup::Plan plan;
    std::optional<setup::Price> price;
};

/// Prints what apply would do with these arguments: the plan command, and apply --dry-run. Changes nothing.
Result<cli::ExitCode> show_plan(const Root& root, const cli::Arguments& arguments, const cli::Console& console);

}  // namespace kvmkit::host_setup
