// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/libvirt.hpp"
#include "system/root.hpp"

#include <filesystem>

namespace kvmkit {

/// What files say of libvirt: which programs and units there are, who runs QEMU. Connects to nothing. For a recorded
/// host the socket is not known.
LibvirtFacts read_libvirt(const Root& root);

/// What connect(2) to a socket in the file system says. Never waits: a local socket takes or refuses at once.
Answer connect_to(const std::filesystem::path& socket);

/// Tries libvirt's socket on this host, if it is there.
void try_libvirt(LibvirtFacts& libvirt);

}  // namespace kvmkit
