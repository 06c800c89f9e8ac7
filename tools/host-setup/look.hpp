// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "setup/host.hpp"
#include "setup/plan.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <string>

namespace kvmkit::host_setup {

/// How what was asked for is to be: --user and --default-net.
struct Wishes {
    std::string user;  ///< Empty: nobody.
    setup::NetworkWish network;
};

/// --user and --default-net, of plan and apply.
void declare_wishes(cli::po::options_description_easy_init& add);

/// Without --user: whoever became root by sudo. ErrorCode::usage: an option is wrong, belongs to a component that was
/// not asked for, or is needed and missing; not_found: the host has no such user.
Result<Wishes> read_wishes(const cli::Arguments& arguments, const setup::Components& components, const Root& root);

/// What uses IPv4 addresses on this host.
Result<std::vector<Ipv4Claim>> claims_of_this_host();

/// All that a plan depends on, for what is wanted.
Result<setup::Host> look_at(const Root& root, Runner& runner, const std::string& user, const setup::Wanted& wanted);

}  // namespace kvmkit::host_setup
