// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/spec/seed.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// The files of a VM's folder that belong to its seed and to ssh.
struct SeedPaths {
    explicit SeedPaths(std::filesystem::path vm_folder) : folder(std::move(vm_folder)) {}
    [[nodiscard]] std::filesystem::path image() const { return folder / "seed.iso"; }
    [[nodiscard]] std::filesystem::path host_key() const { return folder / "host_key"; }
    [[nodiscard]] std::filesystem::path login_key() const { return folder / "id_ed25519"; }
    [[nodiscard]] std::filesystem::path known_hosts() const { return folder / "known_hosts"; }
    [[nodiscard]] std::filesystem::path ssh_config() const { return folder / "ssh_config"; }

    std::filesystem::path folder;
};

/// Whose host a known_hosts line tells of: the VM's UUID stands for its name, since addresses come and go.
std::string known_hosts_line(std::string_view uuid, std::string_view public_host_key);

/// A configuration for "ssh -F": strict, with the known host key, the user and the keys of this VM, and nothing of the
/// caller's own settings. The address is for the caller to add.
std::string ssh_config(const Seed& seed, std::string_view uuid, const SeedPaths& paths);

/// The user of such a configuration; absent where it names none.
std::optional<std::string> user_in_ssh_config(std::string_view text);

/// Where sshd of a VM is called.
struct SshHost {
    std::string address;
    std::uint16_t port = 22;
};

/// "ssh -F CONFIG -o HostName=ADDRESS -o Port=PORT NAME COMMAND...". The command's words are joined as ssh joins them.
std::vector<std::string> ssh_command(const SeedPaths& paths,
                                     const std::string& vm_name,
                                     const SshHost& host,
                                     const std::vector<std::string>& command);

}  // namespace kvmkit::virt
