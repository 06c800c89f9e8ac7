// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "virt/spec/image.hpp"
#include "virt/spec/vm_name.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>

namespace kvmkit::virt {

/// A kernel that QEMU loads itself, without firmware boot order or boot loader.
struct DirectKernel {
    std::filesystem::path kernel;
    std::optional<std::filesystem::path> initrd;
    std::string command_line;
};

struct NoNetwork {};
/// QEMU's own NAT: no privilege, no setup, nobody can call the guest.
struct UserNetwork {};
struct BridgeNetwork {
    std::string bridge;
};
using Network = std::variant<NoNetwork, UserNetwork, BridgeNetwork>;

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
    Network network = UserNetwork{};
    Lifetime lifetime = Lifetime::kept;
};

}  // namespace kvmkit::virt
