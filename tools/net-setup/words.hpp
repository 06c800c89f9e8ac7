// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/completion/word_source.hpp"

#include <array>

namespace kvmkit::net_setup {

// Links are those of the namespace that --netns names, if this user may enter it.
cli::Candidates all_links(const cli::Given& given);
cli::Candidates bridges(const cli::Given& given);
cli::Candidates bridge_ports(const cli::Given& given);
/// Ethernet links that are no bridge's port yet.
cli::Candidates free_links(const cli::Given& given);
/// Network cards.
cli::Candidates cards(const cli::Given& given);
cli::Candidates vlan_links(const cli::Given& given);

cli::Candidates namespaces(const cli::Given& given);
cli::Candidates managers_of_files(const cli::Given& given);
cli::Candidates hazards(const cli::Given& given);
/// The changes that were made, the newest first.
cli::Candidates transactions(const cli::Given& given);

inline constexpr std::array sources{
    cli::WordSource{"", "BRIDGE", bridges},
    cli::WordSource{"port del", "PORT", bridge_ports},
    cli::WordSource{"", "PORT", free_links},
    cli::WordSource{"", "NIC", cards},
    cli::WordSource{"", "LINK", all_links},
    cli::WordSource{"vlan del", "NAME", vlan_links},
    cli::WordSource{"", "NETNS", namespaces},
    cli::WordSource{"", "MANAGER", managers_of_files},
    cli::WordSource{"", "HAZARD", hazards},
    cli::WordSource{"vlan add", "ID", nullptr},
    cli::WordSource{"bridge", "ID", nullptr},
    cli::WordSource{"", "ID", transactions},
};

}  // namespace kvmkit::net_setup
