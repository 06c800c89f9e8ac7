// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "virt/spec/vm_spec.hpp"

namespace kvmkit::vm_run {

void declare_seed(cli::po::options_description_easy_init& add);

/// Sets spec.seed where an image boots by itself, without a kernel from outside, or where an option of a seed is given.
/// Asks the ssh agent and looks into the user's ~/.ssh.
Result<void> read_seed(const cli::Arguments& arguments, virt::VmSpec& spec, bool boots_itself);

}  // namespace kvmkit::vm_run
