// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

namespace kvmkit::kvm_check {

/// `kvm-check run`: judges this host, or a recorded one.
void declare_run(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run(const cli::Arguments& arguments, cli::Console& console);

/// `kvm-check nested`: whether guests of this host can run guests, and what is missing.
void declare_nested(cli::po::options_description_easy_init add);
Result<cli::ExitCode> nested(const cli::Arguments& arguments, cli::Console& console);

/// `kvm-check vms`: the VMs that run on this host, and whether what they were promised hurts.
void declare_vms(cli::po::options_description_easy_init add);
Result<cli::ExitCode> vms(const cli::Arguments& arguments, cli::Console& console);

/// `kvm-check explain`: says what the lines of a log mean. Exit code no where none is known.
void declare_explain(cli::po::options_description_easy_init add);
Result<cli::ExitCode> explain(const cli::Arguments& arguments, cli::Console& console);

/// `kvm-check list`: the checks of the catalogue.
void declare_list(cli::po::options_description_easy_init add);
Result<cli::ExitCode> list(const cli::Arguments& arguments, cli::Console& console);

/// `kvm-check show ID`: what one check asks and what mends it.
void declare_show(cli::po::options_description_easy_init add);
Result<cli::ExitCode> show(const cli::Arguments& arguments, cli::Console& console);

/// `kvm-check diff A B`: what differs between two recorded hosts or records of `run --json`.
void declare_diff(cli::po::options_description_easy_init add);
Result<cli::ExitCode> diff(const cli::Arguments& arguments, cli::Console& console);

/// `kvm-check capture FILE`: records this host, or another recording anew.
void declare_capture(cli::po::options_description_easy_init add);
Result<cli::ExitCode> capture(const cli::Arguments& arguments, cli::Console& console);

}  // namespace kvmkit::kvm_check
