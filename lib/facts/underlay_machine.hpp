// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/underlay.hpp"

#include <optional>

namespace kvmkit {

// Witnesses of identify_underlay beyond DMI, Xen and the CPU's signature. Each is absent where it says nothing.

std::optional<UnderlayFacts> by_uml(const UnderlaySources& sources);      ///< User Mode Linux, by its "CPU".
std::optional<UnderlayFacts> by_sysinfo(const UnderlaySources& sources);  ///< IBM Z: what the machine says of itself.
std::optional<UnderlayFacts> by_device_tree(const UnderlaySources& sources);  ///< Arm and POWER.
std::optional<UnderlayFacts> by_platform(const UnderlaySources& sources);     ///< POWER's platform in proc/cpuinfo.

/// Devices that only a hypervisor makes, and CPUs that only QEMU sells. Below everything else: such a device may be
/// passed on, and a name may be chosen. `virtual_cpu`: the CPU admits to be one.
std::optional<UnderlayFacts> by_weak_marks(const UnderlaySources& sources, bool virtual_cpu);

/// Whether this asset tag names a cloud, and no machine.
bool is_cloud_tag(std::string_view tag) noexcept;

/// The lines of IBM Z's proc/sysinfo that tell what lies below; the others hold serial numbers and names.
std::string nameless_sysinfo(std::string_view text);

}  // namespace kvmkit
