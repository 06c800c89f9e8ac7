// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/channel.hpp"

#include <string>

namespace kvmkit::net {

/// "address 192.0.2.2/24", "route default", "rule 1000", "neighbour 192.0.2.1": what a packet is about.
std::string subject_of(const Packet& packet);

/// The kernel's refusal of an order as an Error that names what could not be done.
Error refusal_of(const Order& order, const KernelRefusal& refusal);

}  // namespace kvmkit::net
