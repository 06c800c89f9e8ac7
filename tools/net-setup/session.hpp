// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/json.hpp"
#include "cli/tool.hpp"
#include "net/change.hpp"
#include "net/netlink/route_socket.hpp"

#include <string>

namespace kvmkit::net_setup {

/// A network namespace and a socket in it.
struct Session {
    net::NetNamespace here;
    net::RouteSocket route;
};

/// The namespace of --netns, or the one that the program was started in.
Result<Session> open_session(const cli::Arguments& arguments);

/// Adds --netns.
void declare_place(cli::po::options_description_easy_init& add);

/// Adds --netns, --dry-run, --json and --yes.
void declare_change(cli::po::options_description_easy_init& add);

/// One bridge command: which record it prints, about which bridge, and how it plans.
struct BridgeCommand {
    std::string_view name;
    net::LinkName bridge;
    net::Planner planner;
};

/// Plans only (--dry-run: exit 1 where there is work), or carries out, and tells what came of it.
Result<cli::ExitCode> run_bridge_command(const BridgeCommand& command,
                                         const cli::Arguments& arguments,
                                         const cli::Console& console);

}  // namespace kvmkit::net_setup
