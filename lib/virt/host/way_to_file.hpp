// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/host/qemu_user.hpp"

#include <filesystem>

namespace kvmkit::virt {

/// What reach_of() tells of directories, for a caller who may not ask as others: by the mode bits of those that are
/// there. libvirt makes the file itself usable.
Result<void> check_way_to(const QemuUser& user, const std::filesystem::path& file);

}  // namespace kvmkit::virt
