// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "system/runner.hpp"
#include "virt/host/qemu_user.hpp"
#include "virt/seed/documents.hpp"

#include <filesystem>
#include <optional>

namespace kvmkit::virt {

/// A seed to be made in the folder of a VM.
struct SeedOrder {
    Seed seed;
    SeedOwner owner;
    std::filesystem::path folder;
    SeedPlace place = SeedPlace::file;
    std::optional<QemuUser> reader = std::nullopt;  ///< Who runs QEMU, where libvirt changes no owner.
};

/// Makes keys, known_hosts, ssh_config and the seed itself. For a seed in memory its descriptor is given back:
/// read-only and sealed. The private half of the host key stays nowhere but in the seed.
Result<UniqueFd> make_seed(Runner& runner, const SeedOrder& order);

/// Removes what make_seed() made, also half of it; nothing there is fine.
Result<void> remove_seed(const std::filesystem::path& folder);

}  // namespace kvmkit::virt
