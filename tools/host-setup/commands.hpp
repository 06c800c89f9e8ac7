// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

#include <array>

namespace kvmkit::host_setup {

void declare_status(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_status(const cli::Arguments& arguments, cli::Console& console);

void declare_plan(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_plan(const cli::Arguments& arguments, cli::Console& console);

void declare_apply(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run_apply(const cli::Arguments& arguments, cli::Console& console);

inline constexpr cli::Operands some_components{"[COMPONENT...]", 0, cli::any_number};

inline constexpr std::array commands{
    cli::Command{"status", "show what this host has of a KVM host, and what it lacks", {}, declare_status, run_status},
    cli::Command{"plan", "show what apply would do, and change nothing", some_components, declare_plan, run_plan},
    cli::Command{"apply",
                 "install, load and start what is missing",
                 some_components,
                 declare_apply,
                 run_apply,
                 cli::Effect::changes},
};

inline constexpr std::string_view closing = R"(
Components: hypervisor (packages), modules (KVM module, /dev/kvm), services (libvirtd). None given means all.

examples:
  host-setup                      what is there
  host-setup plan                 what would be done, and what it costs
  host-setup apply                do it; a second run finds nothing to do
  host-setup apply hypervisor     the packages only
)";

}  // namespace kvmkit::host_setup
