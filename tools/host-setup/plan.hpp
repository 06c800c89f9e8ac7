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

/// --mirror and --security, of plan and apply.
void declare_mirror_choice(cli::po::options_description_easy_init& add);

/// --profile, of plan and apply.
void declare_profile(cli::po::options_description_easy_init& add);

/// --repair, of plan and apply.
void declare_repair(cli::po::options_description_easy_init& add);

/// Prints what apply would do with these arguments: the plan command, and apply --dry-run. Changes nothing.
Result<cli::ExitCode> show_plan(const Root& root, const cli::Arguments& arguments, const cli::Console& console);

}  // namespace kvmkit::host_setup
