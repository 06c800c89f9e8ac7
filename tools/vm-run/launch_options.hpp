// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "image_options.hpp"
#include "step_times.hpp"
#include "virt/spec/name_range.hpp"
#include "virt/spec/vm_spec.hpp"
#include "wait_options.hpp"

#include <optional>
#include <string>

namespace kvmkit::vm_run {

enum class AccelWish { automatic, kvm, tcg };
/// What to do with the plan: run it, or only show the steps or the domain XML.
enum class Show { nothing, steps, xml };

/// A VM of ours that is off and is to run again.
struct Existing {
    std::string uuid;
    std::optional<Error> why_not = std::nullopt;  ///< Of several, one cannot be started; its spec is a name alone.
};

/// The command line of launch as types. Files were looked at, the host was not changed.
struct LaunchOptions {
    std::vector<virt::VmName> names = {};  ///< At least one; the spec's is the first.
    bool all_or_nothing = false;
    virt::VmSpec spec;         ///< Without its image: that may have to be downloaded first.
    bool own_user = false;     ///< Somebody named the guest's user.
    bool own_network = false;  ///< Somebody named its networks.
    ImageWish image = {};
    AccelWish accel = AccelWish::automatic;
    WaitOptions wait = {};
    std::optional<Existing> existing = std::nullopt;  ///< Absent: a new VM.
    Progress progress = Progress::text;
    std::optional<std::string> uri = std::nullopt;  ///< Absent: the default of the user.
    Show show = Show::nothing;
    bool overcommit = false;      ///< Beyond the limits of the gate as well.
    bool why = false;             ///< Show each choice with its reason.
    bool start_networks = false;  ///< Those of libvirt that are off.
    bool console = false;
    bool json = false;
    bool verbose = false;
    std::string command_line = {};

    /// Whether what this host has decides of the VM's networks.
    [[nodiscard]] bool lets_host_choose() const noexcept { return !own_network && !existing; }
};

/// ErrorCode::usage for what can never work; not_found, invalid, unsupported or refused for the files.
Result<LaunchOptions> read_launch_options(const cli::Arguments& arguments);

/// --progress, of all commands that make VMs run.
void declare_progress(cli::po::options_description_easy_init& add);
Result<Progress> read_progress(const cli::Arguments& arguments);

/// What a driver cannot do is said before it is asked.
Result<void> check_reach(const LaunchOptions& options);

// The parts of it. What is said of a VM: names, spec, image and wait. Then what is said of the launch as a whole, and
// last whether all of it goes together.
Result<LaunchOptions> read_vm_options(const cli::Arguments& arguments);
Result<void> read_common_options(const cli::Arguments& arguments, LaunchOptions& options);
Result<void> check_options(const LaunchOptions& options);

/// The same for each of their names alone.
std::vector<LaunchOptions> each_alone(const std::vector<LaunchOptions>& entries);

/// Whether these can be launched at once, each a single VM. ErrorCode::usage where two want what one alone can have.
Result<void> check_together(const std::vector<LaunchOptions>& all);

}  // namespace kvmkit::vm_run
