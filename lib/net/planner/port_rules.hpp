// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/model/network.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// Whether a link may become a port of that bridge, or is one already. ErrorCode::refused says why not: it carries the
/// host's addresses or routes, belongs to another bridge, or can be no port at all. Pure.
Result<void> check_port(const Network& network, const Link& port, const LinkName& bridge);

/// The same for a link whose addresses and routes are handed over to the bridge: it may be in use. Pure.
Result<void> check_uplink(const Network& network, const Link& port, const LinkName& bridge);

/// Whether a link is a bridge. ErrorCode::refused says what else it is: "cannot DOING bridge 'NAME': ...". Pure.
Result<void> check_is_bridge(const Link& link, std::string_view doing);

/// What a link is, in words: "network card", "link of kind vlan".
std::string kind_text(std::string_view kind);

/// Whether a bridge with these ports may have that MTU. ErrorCode::refused names the port that is too small. Pure.
Result<void> check_bridge_mtu(const LinkName& bridge, const std::vector<const Link*>& ports, unsigned mtu);

/// Whether routes that somebody set lead through a link, or through what it is a port of or what stands on it. Pure.
bool leads_away(const Network& network, const LinkName& name);

/// Whether the host itself talks through a link: it has an address other than a link-local one, or routes.
bool is_in_use(const Link& port);

}  // namespace kvmkit::net
