// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::setup {

/// Somebody else who runs VMs on this host, and does not expect the distribution's packages beside his own.
struct Rival {
    std::string name;   ///< "this is a Proxmox VE host"
    std::string path;   ///< Where it was seen, relative to the host's root: "etc/pve"
    std::string found;  ///< What was seen there.
    std::string hint;   ///< What to do instead.
};

/// Proxmox VE, or a libvirt that runs in a container of this host. Looks at files alone.
std::optional<Rival> find_rival(const Root& root);

/// ErrorCode::refused, with what was read.
Error refusal_of(const Rival& rival);

/// The container that a control group belongs to: "docker-4f1c", "libpod-77ab"; empty: none. From /proc/PID/cgroup.
std::string container_in(std::string_view cgroups);

}  // namespace kvmkit::setup
