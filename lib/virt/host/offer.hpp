// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/spec/hardware.hpp"
#include "virt/spec/vm_spec.hpp"

#include <string>
#include <vector>

namespace kvmkit::virt {

/// What libvirt on a host offers VMs of one type: its domain capabilities, as far as a launch asks for them.
struct Offer {
    bool uefi = false;
    bool secure_boot = false;
    std::vector<std::string> tpm_backends = {};  ///< "emulator", "passthrough"
    bool virtiofs = false;
    bool memfd = false;
    bool vnc = false;                          ///< A screen by VNC, and virtio's card for it.
    std::vector<std::string> cpu_models = {};  ///< Those that run here.
};

/// Reads virConnectGetDomainCapabilities' text. Pure.
Result<Offer> parse_offer(const std::string& xml);

/// Asks for q35 and x86_64. Error where the driver cannot tell: libvirt's test driver.
Result<Offer> ask_offer(const Connection& connection, DomainType type);

/// Whether the wished hardware can be had; ErrorCode::unsupported names what is missing and what installs it. Pure.
Result<void> check_hardware(const Hardware& hardware, const Offer& offer);

}  // namespace kvmkit::virt
