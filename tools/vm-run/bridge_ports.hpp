// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/launch/ports.hpp"

#include <functional>

namespace kvmkit::vm_run {

/// The ports of this host's bridges, changed and watched through netlink. A wait ends when `interrupted` says so.
virt::Ports bridge_ports(std::function<bool()> interrupted = {});

}  // namespace kvmkit::vm_run
