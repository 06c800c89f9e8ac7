// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launch_options.hpp"

#include <string>
#include <vector>

namespace kvmkit::vm_run {

/// Reads the VMs of a file of YAML, each entry as if its keys were options beside those of the launch as a whole.
/// ErrorCode::usage tells all mistakes with their places, and of an option that belongs into the file; not_found or
/// permission for a file that cannot be read.
Result<std::vector<LaunchOptions>> read_vm_file(const std::string& path, const cli::Arguments& arguments);

}  // namespace kvmkit::vm_run
