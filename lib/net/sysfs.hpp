// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.hpp"
#include "net/model/names.hpp"

#include <optional>

namespace kvmkit::net {

/// A view of /sys that nobody else sees and that is of this thread's network namespace: the one that is mounted shows
/// the namespace of whoever mounted it. Closed where that cannot be had. Root, Linux 5.2.
UniqueFd own_sysfs();

/// Whether somebody set the MAC of a bridge (NET_ADDR_SET), so that it does not follow its ports'. Absent: it cannot be
/// told. As own_sysfs().
std::optional<bool> has_pinned_mac(const LinkName& bridge);

}  // namespace kvmkit::net
