// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/json.hpp"
#include "cli/tool.hpp"
#include "net/change.hpp"
#include "net/netlink/route_socket.hpp"
#include "trial.hpp"

#include <functional>
#include <string>
#include <vector>

namespace kvmkit::net_setup {

/// A network namespace and a socket in it.
struct Session {
    net::NetNamespace here;
    net::RouteSocket route;
};

/// The namespace of --netns, or the one that the program was started in.
Result<Session> open_session(const cli::Arguments& arguments);

/// The links of these names, also by another name (see link_called()), in their order. ErrorCode::not_found: "cannot
/// DOING link 'NAME': it does not exist".
Result<std::vector<const net::Link*>> named_links(const net::Network& network,
                                                  const std::vector<std::string>& names,
                                                  std::string_view doing);

/// Adds --netns.
void declare_place(cli::po::options_description_easy_init& add);

/// Adds --netns, --dry-run, --json, --yes, --persist, --confirm, --timeout and --probe.
void declare_change(cli::po::options_description_easy_init& add);

/// One command that changes the network: which record it prints, about what, and how it plans.
struct ChangeCommand {
    std::string_view name;
    cli::Json about;  ///< What the record has beside the steps: {"bridge": "br0"}.
    net::Planner planner;
    std::function<Error(Error, const net::KeyPath&)> locate = {};  ///< See net::Talk.
    Confirm confirm = Confirm::none;                               ///< Where the operator does not say.
    /// Whether it may cut the host off, so that it is on trial where the operator does not say; may be empty.
    std::function<bool(const net::Network&)> risks_host = {};
    /// What --persist keeps beside the links that are changed, also where nothing is to be changed.
    std::vector<net::LinkName> keeps = {};
};

/// Plans only (--dry-run: exit 1 where there is work), or carries out, and tells what came of it.
Result<cli::ExitCode> run_change_command(const ChangeCommand& command,
                                         const cli::Arguments& arguments,
                                         const cli::Console& console);

/// The steps as records carry them.
cli::Json steps_record(const net::Plan& plan);

}  // namespace kvmkit::net_setup
