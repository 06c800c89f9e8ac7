// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "virt/spec/vm_spec.hpp"

namespace kvmkit::vm_run {

void declare_disks(cli::po::options_description_easy_init& add);

/// Sets spec.disks.
Result<void> read_disks(const cli::Arguments& arguments, virt::VmSpec& spec);

/// Once spec.image is there. usage: nothing to grow; refused: a disk smaller than its image.
Result<void> check_root_size(const virt::VmSpec& spec);

}  // namespace kvmkit::vm_run
