// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "probe/host_probe.hpp"
#include "probe/libvirt_helper.hpp"

namespace kvmkit {

/// Adds what only other programs tell of this host: nft or iptables, where the firewall sees what bridges carry, and
/// the helper libvirt-facts, where libvirt takes connections and more is wanted than Depth::open. Does nothing for a
/// recorded host. Each program is gone by the order's deadline.
void ask_programs(const Root& root, const Programs& programs, const ProbeOrder& order, HostFacts& host);

}  // namespace kvmkit
