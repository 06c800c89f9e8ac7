// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/libvirt_answers.hpp"

#include <string>

namespace kvmkit::virt {

enum class Rights { read_write, read_only };

/// Asks libvirt at this URI for its versions, for what it offers VMs of type kvm and qemu, and for its VMs. What it
/// refuses is told in the answers. Read-only asks for no password, and is not told what VMs are offered. May hang as
/// long as a daemon does: who calls it keeps a deadline.
LibvirtAnswers ask_libvirt(const std::string& uri, Rights rights);

/// Reads `virConnectGetDomainCapabilities`; `type` is what it was asked for.
LibvirtDomainType parse_domain_capabilities(const std::string& type, const std::string& xml);

}  // namespace kvmkit::virt
