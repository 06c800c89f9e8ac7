// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

namespace kvmkit::net {

/// IFA_PROTO, which the headers of Linux before 5.18 lack: who made an address. Kept of link-local ones.
inline constexpr std::uint16_t address_maker = 11;

/// Whether it is an IPv6 link-local address that the kernel makes by itself. Linux before 5.18 does not tell: there
/// those are taken for such that are made of the link's MAC.
bool is_kernels_link_local(const Link& link, const InterfaceAddress& address);

/// Whether it is a link-local one that somebody set by hand: those of daemons have no route of the kernel's.
bool is_set_link_local(const Link& link, const InterfaceAddress& address);

}  // namespace kvmkit::net
