// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/domain.hpp"

#include <string>
#include <vector>

namespace kvmkit::virt {

enum class AddressSource { lease, agent };

struct GuestAddress {
    std::string mac;
    std::string address;  ///< Without a prefix length.
};

/// The addresses of a VM's cards as libvirt's own DHCP server, or the agent in the guest, tells them; loopback and
/// link-local ones are left out. The agent is waited for, some seconds if it hangs.
Result<std::vector<GuestAddress>> addresses_by(const Domain& domain, AddressSource source);

}  // namespace kvmkit::virt
