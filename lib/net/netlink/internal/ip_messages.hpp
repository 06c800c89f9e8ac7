// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/netlink/internal/message.hpp"
#include "net/planner/step.hpp"

namespace kvmkit::net {

/// RTM_NEWADDR or RTM_DELADDR for that address of the link, with what it has besides its network: without the other
/// end, if it has one, the kernel does not find it.
Message address_message(
    int type, int flags, const Link& link, const InterfaceAddress& address, const AddressExtras& extras);

/// Has the kernel keep the secondary IPv4 addresses of a link whose primary one goes, or not.
Message promotion_message(const Link& link, bool on);

/// Adds a route's several ways, if it has some; the first link that does not exist, or null.
const LinkName* put_ways(Message& message, const RouteEntry& route, const Network& network);

/// RTM_NEWROUTE or RTM_DELROUTE; `link` is where the route leads, null for one that throws packets away or has several
/// ways.
Message route_message(int type, int flags, const RouteEntry& route, const Link* link);

}  // namespace kvmkit::net
