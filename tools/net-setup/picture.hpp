// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "net/model/network.hpp"

#include <vector>

namespace kvmkit::net_setup {

enum class Picture { tree, svg };

/// Draws the links, or the chosen ones with what they rest on and what rests on them.
Result<cli::ExitCode> print_picture(Picture kind,
                                    const net::Network& network,
                                    const std::vector<const net::Link*>& chosen,
                                    const cli::Console& console);

}  // namespace kvmkit::net_setup
