// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

namespace kvmkit::setup {

/// Where the QEMU driver's own daemon listens, below a host's root.
constexpr const char* modular_socket = "run/libvirt/virtqemud-sock";

/// Whether the modular daemons listen, and no libvirtd, which would have the other socket, and one for its
/// administration.
bool modular_libvirt_listens(const Root& root);

}  // namespace kvmkit::setup
