// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/spec/vm_spec.hpp"

#include <optional>
#include <span>
#include <string>

namespace kvmkit::virt {

/// Something that only one VM can have, and two of a launch ask for.
struct Clash {
    std::size_t vm = 0;  ///< Which of them asks second.
    std::string message;
    std::string hint;
};

/// The first clash between VMs that are to run at once: names, fixed MAC and IP addresses, ports of this host that lead
/// to a guest, PCI devices, disks that are written to. Pure.
std::optional<Clash> find_clash(std::span<const VmSpec> specs);

}  // namespace kvmkit::virt
