// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// Addresses that a guest is told instead of asking by DHCP.
struct FixedAddress {
    std::vector<std::string> addresses;  ///< "192.0.2.5/24"
    std::vector<std::string> gateways = {};
    std::vector<std::string> name_servers = {};
};

/// One network card as cloud-init is told of it: found by its MAC address, whatever the guest's kernel calls it.
struct SeedNic {
    std::string mac;
    std::optional<FixedAddress> fixed = std::nullopt;  ///< Absent: DHCP.
};

/// What cloud-init in the guest is asked to do at the first boot.
struct Seed {
    std::string user = "kvmkit";
    std::optional<std::string> hostname = std::nullopt;  ///< Absent: after the VM.
    std::vector<std::string> keys = {};                  ///< Lines of authorized_keys.
    std::vector<std::filesystem::path> identities = {};  ///< Private keys that belong to them, for ssh.
    bool make_key = false;                               ///< A fresh key for this VM alone.
    std::vector<std::string> packages = {};
    std::vector<std::string> commands = {};               ///< For the guest's shell, in order.
    std::optional<std::string> user_data = std::nullopt;  ///< The user's own: cloud-config or a script.
};

/// Where the seed lies while the VM runs: a file in its folder, or memory that is gone with the last who holds it.
enum class SeedPlace { file, memory };

/// The seed as the domain description names it; one in memory has no file of that name.
struct PlannedSeed {
    std::filesystem::path path;
    SeedPlace place = SeedPlace::file;
};

/// By which libvirt knows the descriptor of a seed in memory.
constexpr const char* seed_fd_group = "kvmkit-seed";

}  // namespace kvmkit::virt
