// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"
#include "system/root.hpp"

#include <string>
#include <vector>

namespace kvmkit {

/// Where the distributions put the emulator of a target, as QemuFacts names it; the likeliest first.
std::vector<std::string> emulator_paths(const std::string& target);

/// The descriptors of firmware that count: those of the administrator in etc/ hide those of the same name in usr/.
std::vector<std::string> firmware_descriptors(const Root& root);

/// What is installed of QEMU. What capture.json says of its version stays.
void read_qemu(const Root& root, HostFacts& host);

/// What AppArmor and SELinux make of libvirt's VMs. What capture.json says of its images stays.
void read_security(const Root& root, SecurityFacts& security);

/// libvirt's version by the name of its library, what qemu.conf says, its cache of capabilities for the target, and
/// the network "default". What capture.json says of them stays.
void read_libvirt_files(const Root& root, const std::string& target, LibvirtFacts& libvirt);

}  // namespace kvmkit
