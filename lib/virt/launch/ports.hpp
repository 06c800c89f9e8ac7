// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace kvmkit::virt {

/// What the kernel does with a VM's port of a bridge. The tool brings it: virt/ itself knows no netlink.
struct Ports {
    /// What comes in without a tag belongs to that VLAN, and nothing else passes.
    std::function<Result<void>(const std::string& link, std::uint16_t vlan)> give_vlan = {};
    /// Puts the port into the VLAN that new ports of its bridge get. Harmless where the link is gone.
    std::function<Result<void>(const std::string& link)> take_vlan = {};
    /// Until the port forwards; timeout names the state that it is in.
    std::function<Result<void>(const std::string& link, const Deadline& deadline)> await_forwarding = {};
};

}  // namespace kvmkit::virt
