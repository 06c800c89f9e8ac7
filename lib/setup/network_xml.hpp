// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "facts/ipv4.hpp"

#include <string>
#include <string_view>

namespace kvmkit::setup {

/// The definition of a network of libvirt's with the addresses of `to` in place of `from`: its own address, mask or
/// prefix, the range of DHCP, what hosts are given. All else, such as UUID, MAC address, comments and IPv6, stays as it
/// is. Any bytes. ErrorCode::refused: an address would not fit into the new range.
Result<std::string> with_range(std::string_view xml, const Ipv4Range& from, const Ipv4Range& to);

}  // namespace kvmkit::setup
