// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/model/network.hpp"

namespace kvmkit::net {

/// Whether a link may become a port of that bridge, or is one already. ErrorCode::refused says why not: it carries the
/// host's addresses or routes, belongs to another bridge, or can be no port at all. Pure.
Result<void> check_port(const Network& network, const Link& port, const LinkName& bridge);

}  // namespace kvmkit::net
