// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/spec/domain_xml.hpp"
#include "virt/spec/internal/xml.hpp"

namespace kvmkit::virt {

/// One <interface> for each network card but those of add_forwarding_nics().
void add_nics(Node devices, const DomainPlan& plan);

/// The cards behind QEMU's NAT that ports of the host lead to, as words for QEMU at the end of <domain>.
void add_forwarding_nics(Node domain, const DomainPlan& plan);

/// The VLANs of bridges' ports below our mark in <metadata>: libvirt has no place for them (see add_nics()), and each
/// start needs them.
void add_port_marks(Node mark, const DomainPlan& plan);

/// The port by which the guest agent is asked and tells that it is there.
void add_agent_port(Node devices);

}  // namespace kvmkit::virt
