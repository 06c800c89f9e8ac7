// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/step.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <filesystem>
#include <optional>

namespace kvmkit::setup {

/// Where libvirt keeps its network "default", below a host's root: the definition, the link by which it is started with
/// libvirt, what it says of a network that is up, and the kernel's switch that it turns on.
inline constexpr const char* network_file = "etc/libvirt/qemu/networks/default.xml";
inline constexpr const char* autostart_link = "etc/libvirt/qemu/networks/autostart/default.xml";
inline constexpr const char* network_status = "run/libvirt/network/default.xml";
inline constexpr const char* ip_forward = "proc/sys/net/ipv4/ip_forward";

/// Whether the daemon that manages networks is at work, libvirtd or virtnetworkd: by its own pid file, since a question
/// to its socket would start it.
bool libvirt_runs(const Root& root);

/// The steps that change libvirt's network "default". Where the daemon runs they go through libvirt's API, by virsh;
/// else, where that is possible, through its files. Root.
class NetworkHands {
public:
    NetworkHands(Runner& runner, const Root& root, const std::filesystem::path& top)
        : runner_(runner), root_(root), top_(top)
    {
    }

    /// What takes a step back, as the host is now.
    [[nodiscard]] Result<std::optional<Step>> inverse(const MoveNetwork& move) const;
    [[nodiscard]] Result<std::optional<Step>> inverse(const ChangeNetwork& change) const;

    /// ErrorCode::not_found: libvirt has no network "default".
    [[nodiscard]] Result<void> apply(const MoveNetwork& move) const;
    [[nodiscard]] Result<void> apply(const DefineNetwork& define) const;
    [[nodiscard]] Result<void> apply(const ChangeNetwork& change) const;

private:
    [[nodiscard]] Result<std::string> virsh(std::vector<std::string> words, const Step& step) const;
    [[nodiscard]] Result<void> define_by_api(const std::string& xml, const Step& step) const;
    [[nodiscard]] Result<void> set_autostart(const ChangeNetwork& change) const;
    [[nodiscard]] Result<void> stop_forwarding(const std::string& was) const;

    Runner& runner_;
    const Root& root_;
    const std::filesystem::path& top_;
};

}  // namespace kvmkit::setup
