// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/hand_wishes.hpp"
#include "session.hpp"

#include <functional>
#include <string>
#include <vector>

namespace kvmkit::net_setup {

/// A command that says one thing of one link.
struct HandCommand {
    std::string_view name;
    cli::Json about;  ///< What the record has beside the steps.
    std::function<net::Wishes(const net::Network&)> wish;
    std::vector<net::LinkName> touched = {};  ///< Where the host talks through one of them, the change is on trial.
};

Result<cli::ExitCode> run_hand_command(const HandCommand& command,
                                       const cli::Arguments& arguments,
                                       const cli::Console& console);

cli::Json names_record(const std::vector<net::LinkName>& names);

/// Those of --address. `kind` is the thing that gets them, in words.
Result<std::vector<net::InterfaceAddress>> read_addresses(const cli::Arguments& arguments, std::string_view kind);
/// That of --mtu; absent if not given.
Result<std::optional<unsigned>> read_mtu(const cli::Arguments& arguments);

/// What is typed for an option of a link: as in a state file; times also with their unit.
Result<net::LinkOption> read_typed(const net::OptionSpec& spec, const std::string& flag, const std::string& text);

}  // namespace kvmkit::net_setup
