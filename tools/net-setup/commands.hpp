// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

namespace kvmkit::net_setup {

/// The whole command line of net-setup.
const cli::Tool& tool();

void declare_show(cli::po::options_description_easy_init add);
Result<cli::ExitCode> show(const cli::Arguments& arguments, cli::Console& console);

void declare_bridge_add(cli::po::options_description_easy_init add);
Result<cli::ExitCode> bridge_add(const cli::Arguments& arguments, cli::Console& console);

void declare_bridge_del(cli::po::options_description_easy_init add);
Result<cli::ExitCode> bridge_del(const cli::Arguments& arguments, cli::Console& console);

}  // namespace kvmkit::net_setup
