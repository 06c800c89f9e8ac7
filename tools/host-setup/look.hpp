// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "setup/host.hpp"
#include "setup/plan.hpp"
#include "setup/ssh/root_login.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <optional>
#include <string>

namespace kvmkit::host_setup {

/// How what was asked for is to be: --user and --default-net.
struct Wishes {
    std::string user;  ///< Empty: nobody.
    setup::NetworkWish network;
    std::optional<setup::RootLoginOrder> root_login = {};  ///< Of component ssh-root.
};

/// --user, --default-net, and those of component ssh-root: of plan and apply.
void declare_wishes(cli::po::options_description_easy_init& add);

/// Without --user: whoever became root by sudo. ErrorCode::usage: an option is wrong, belongs to a component that was
/// not asked for, or is needed and missing; not_found: the host has no such user.
Result<Wishes> read_wishes(const cli::Arguments& arguments, const setup::Components& components, const Root& root);

/// --confirm-within, which ssh-root has as well.
void declare_confirm_within(cli::po::options_description_easy_init& add);

/// The order that these words make; `from` is empty where it was not given. ErrorCode::usage.
Result<setup::RootLoginOrder> root_login_order(const std::string& within,
                                               const std::string& how,
                                               const std::string& from);

/// --user, or who became root by sudo; empty: neither.
std::string user_of(const cli::Arguments& arguments);

/// What uses IPv4 addresses on this host.
Result<std::vector<Ipv4Claim>> claims_of_this_host();

/// All that a plan depends on, for what is wanted.
Result<setup::Host> look_at(const Root& root, Runner& runner, const std::string& user, const setup::Wanted& wanted);

}  // namespace kvmkit::host_setup
