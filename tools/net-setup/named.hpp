// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "net/model/network.hpp"

#include <string>
#include <vector>

namespace kvmkit::net_setup {

/// What was typed for a link, where it is one of a link's other names (altnames), stands for that link's name, which is
/// said; else for itself. Enters the network namespace of --netns.
Result<net::LinkName> read_link(const cli::Arguments& arguments, const std::string& text, const cli::Console& console);
Result<std::vector<net::LinkName>> read_links(const cli::Arguments& arguments,
                                              const std::vector<std::string>& texts,
                                              const cli::Console& console);

/// The link that goes by this name, be it another one of its names; null: none does.
const net::Link* link_called(const net::Network& network, const std::string& text);

}  // namespace kvmkit::net_setup
