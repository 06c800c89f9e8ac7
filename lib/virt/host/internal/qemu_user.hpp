// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/host/qemu_user.hpp"

#include <filesystem>
#include <vector>

namespace kvmkit::virt {

std::vector<gid_t> groups_of(const QemuUser& user);

/// That this directory keeps that user from a file, with an errno; without a hint.
Error kept_out(const QemuUser& user, const std::filesystem::path& file, const std::filesystem::path& closed, int error);

}  // namespace kvmkit::virt
