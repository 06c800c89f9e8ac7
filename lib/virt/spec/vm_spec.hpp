// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "virt/spec/disk.hpp"
#include "virt/spec/hardware.hpp"
#include "virt/spec/image.hpp"
#include "virt/spec/nic.hpp"
#include "virt/spec/seed.hpp"
#include "virt/spec/vm_name.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// A kernel that QEMU loads itself, without firmware boot order or boot loader.
struct DirectKernel {
    std::filesystem::path kernel;
    std::optional<std::filesystem::path> initrd;
    std::string command_line;
};

/// Who runs the guest's instructions; `test` is libvirt's test driver.
enum class DomainType { kvm, qemu, test };

/// How long a VM lives: until it is removed, or as long as the process that launched it.
enum class Lifetime { kept, ephemeral };

/// What somebody wants to run.
struct VmSpec {
    VmName name;
    Bytes memory = Bytes::mib(512);
    unsigned vcpus = 1;
    DomainType type = DomainType::qemu;
    std::optional<DirectKernel> kernel = std::nullopt;
    std::optional<BaseImage> image = std::nullopt;
    DiskWishes disks = {};
    std::optional<Seed> seed = std::nullopt;  ///< Absent: the guest is told nothing.
    std::vector<Nic> nics = {Nic{}};          ///< Empty: no network.
    Hardware hardware = {};
    Lifetime lifetime = Lifetime::kept;
};

}  // namespace kvmkit::virt
