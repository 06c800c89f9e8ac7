// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/spec/domain_xml.hpp"
#include "virt/spec/internal/xml.hpp"

namespace kvmkit::virt {

/// UEFI as an attribute of <os>, which lets libvirt find the files; secure boot as a feature of the firmware.
void add_firmware(Node os, const VmSpec& spec);

/// <cpu>: what guests see.
void add_cpu(Node domain, const DomainPlan& plan);

/// <memoryBacking>, <cputune> and <numatune>, where they are asked for.
void add_placement(Node domain, const VmSpec& spec);

/// CD-ROM, shares, PCI devices and TPM.
void add_hardware(Node devices, const VmSpec& spec);

}  // namespace kvmkit::virt
