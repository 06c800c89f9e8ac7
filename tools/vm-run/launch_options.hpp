// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "virt/spec/vm_spec.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace kvmkit::vm_run {

enum class AccelWish { automatic, kvm, tcg };
enum class Wait { boot, none };
/// What to do with the plan: run it, or only show the steps or the domain XML.
enum class Show { nothing, steps, xml };

/// The command line of launch as types. Files were looked at, the host was not changed.
struct LaunchOptions {
    virt::VmSpec spec;
    AccelWish accel = AccelWish::automatic;
    Wait wait = Wait::boot;
    std::chrono::milliseconds timeout{0};
    std::optional<std::string> uri;  ///< Absent: the default of the user.
    Show show = Show::nothing;
    bool console = false;
    bool json = false;
    std::string command_line;
};

/// ErrorCode::usage for what can never work; not_found, invalid, unsupported or refused for the files.
Result<LaunchOptions> read_launch_options(const cli::Arguments& arguments);

}  // namespace kvmkit::vm_run
