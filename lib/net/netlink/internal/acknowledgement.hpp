// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/netlink/kernel_error.hpp"

#include <linux/netlink.h>

namespace kvmkit::net {

/// What an NLMSG_ERROR says of a request, the kernel's own words included; errnum 0: it was carried out.
KernelRefusal read_acknowledgement(nlmsghdr* answer);

}  // namespace kvmkit::net
