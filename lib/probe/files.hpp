// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// What files say, on this host and on a recorded one alike: CPU, modules, distribution, the group "kvm", libvirt,
/// devices and modules, and all that names the underlay but CPUID.
struct FileFacts {
    HostFacts host;  ///< Only what files say is filled in; `arch` by the shape of proc/cpuinfo.
    UnderlaySources underlay;
};

FileFacts read_files(const Root& root);

/// What stands at dev/kvm.
Fact<DeviceNode> look_at_node(const Root& root);

}  // namespace kvmkit
