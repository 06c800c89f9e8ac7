// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "setup/apply.hpp"

namespace kvmkit::host_setup {

/// --json, --yes and those of declare_patience(): of every command that runs a package manager.
void declare_run_options(cli::po::options_description_easy_init& add);

/// --yes, which changes nothing.
void declare_yes(cli::po::options_description_easy_init& add);

/// --progress and those of declare_limits().
void declare_patience(cli::po::options_description_easy_init& add);

/// --lock-timeout, --timeout, and what they say.
void declare_limits(cli::po::options_description_easy_init& add);
Result<setup::PackageLimits> read_limits(const cli::Arguments& arguments);

/// --mirror NAME|URL is not among them; --security is.
Result<setup::Request> read_request(const cli::Arguments& arguments, setup::Components components);

/// The catalogue that came with the program.
std::string shipped_mirrors();

/// The catalogue of packages that came with the program.
std::string shipped_packages();

/// --mirror and --security beside the components; absent: no mirror was asked for.
Result<std::optional<setup::MirrorOrder>> mirror_order(const cli::Arguments& arguments,
                                                       const setup::Components& components);

/// Does it and prints the record of apply. Root.
Result<cli::ExitCode> carry_out(const setup::Request& request,
                                const cli::Arguments& arguments,
                                const cli::Console& console);

/// permission: not root. `doing` reads "set up host".
Result<void> check_root(std::string_view doing, std::string_view again);

}  // namespace kvmkit::host_setup
