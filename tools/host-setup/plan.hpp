// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "components.hpp"
#include "setup/plan.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>

namespace kvmkit::host_setup {

/// What was asked for, and what it comes to.
struct Planned {
    Chosen chosen;
    setup::Plan plan;
    std::optional<setup::Price> price;
    std::string user = {};  ///< Of component groups; empty: nobody.
};

/// --mirror and --security, of plan and apply.
void declare_mirror_choice(cli::po::options_description_easy_init& add);

/// --profile, of plan and apply.
void declare_profile(cli::po::options_description_easy_init& add);

/// --allow-remove, of plan and apply.
void declare_removals(cli::po::options_description_easy_init& add);

/// --repair, of plan and apply.
void declare_repair(cli::po::options_description_easy_init& add);

/// Prints what apply would do with these arguments: the plan command, and apply --dry-run. Changes nothing.
Result<cli::ExitCode> show_plan(const Root& root,
                                const cli::Arguments& arguments,
                                const Chosen& chosen,
                                const cli::Console& console);

}  // namespace kvmkit::host_setup
