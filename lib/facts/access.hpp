// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/kvm.hpp"
#include "facts/user.hpp"

namespace kvmkit {

/// Whether the kernel would let the user read and write the node, by its mode, owner and access list in the order of
/// acl(5). Root may always. What forbids more than permissions (a device filter, a sandbox) does not show here.
bool may_read_and_write(const DeviceNode& node, const UserFacts& user);

}  // namespace kvmkit
