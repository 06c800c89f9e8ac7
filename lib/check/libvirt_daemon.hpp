// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

namespace kvmkit {

/// The arrangement that this host uses: the modular one where it is switched on or alone, else libvirtd.
bool is_modular(const LibvirtFacts& libvirt);

/// Skips a check where libvirt is not installed, or was not looked for.
Verdict not_installed(const LibvirtFacts& libvirt);

/// The commands that start libvirt's daemon anew, by what starts services here.
std::string restart_command(const LibvirtFacts& libvirt);

}  // namespace kvmkit
