// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"
#include "virt/spec/disk_tuning.hpp"

#include <filesystem>

namespace kvmkit::virt {

/// Tries O_DIRECT on a file without a name in that folder, or in the nearest one above that exists, and sets up a ring.
/// For a file that exists O_DIRECT is tried on the file. Leaves nothing.
DiskFacts probe_disk_place(const Root& root, const std::filesystem::path& folder_or_file);

}  // namespace kvmkit::virt
