// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <optional>

namespace kvmkit {

/// What whoever runs the hypervisor below must do so that its guest, this host, gets hardware virtualization. Absent on
/// real hardware and where the underlay is not known.
std::optional<Remedy> operator_remedy(const HostFacts& host);

/// Whether the architecture is known, and is not the PC's.
bool is_foreign(const HostFacts& host);

/// Whether this host is known to be somebody's guest.
bool is_guest(const HostFacts& host);

/// The underlay in two words: "VMware guest"; empty where it is not known.
std::string underlay_name(const HostFacts& host);

/// The underlay for people: "a VMware guest (DMI says ...)"; empty where it is not known.
std::string underlay_phrase(const HostFacts& host);

}  // namespace kvmkit
