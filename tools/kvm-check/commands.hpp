// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"

namespace kvmkit::kvm_check {

/// `kvm-check run`: judges this host, or a recorded one.
void declare_run(cli::po::options_description_easy_init add);
Result<cli::ExitCode> run(const cli::Arguments& arguments, cli::Console& console);

}  // namespace kvmkit::kvm_check
