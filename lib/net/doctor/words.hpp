// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace kvmkit::net {

/// A number among a link's options; `otherwise` where the kernel did not tell it.
std::uint64_t option_or(const LinkOptions& options, std::uint16_t type, std::uint64_t otherwise);

/// The command line as a shell takes it.
std::string command(std::initializer_list<std::string> argv);

/// "net/ipv4/conf/eth0.100/rp_filter": names of links may have dots, so sysctl's other notation is used.
std::string sysctl_command(const std::string& path, unsigned value);

/// Those that others reach the host by: no link-local ones.
std::vector<InterfaceAddress> host_addresses(const Link& link);

/// The bridge that a link is a port of, or null.
const Link* bridge_of(const Network& network, const Link& port);

bool filters_vlans(const Link& bridge);

/// The VLAN of a VLAN link.
VlanId vlan_of(const Link& link);

/// The names, in order.
std::vector<std::string> names_of(const std::vector<const Link*>& links);

}  // namespace kvmkit::net
