// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/service.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"

#include <vector>

namespace kvmkit::setup {

/// Where the QEMU driver's own daemon listens, below a host's root.
constexpr const char* modular_socket = "run/libvirt/virtqemud-sock";

/// Whether the modular daemons listen, and no libvirtd, which would have the other socket, and one for its
/// administration.
bool modular_libvirt_listens(const Root& root);

/// What starts the modular daemons, now and at boot: the QEMU driver's socket, and those of the others that are there.
std::vector<Step> start_modular(const ServiceState& service);

}  // namespace kvmkit::setup
