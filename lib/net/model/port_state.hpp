// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

#include <chrono>
#include <string_view>

namespace kvmkit::net {

/// Whether a bridge keeps VLANs apart; without that, tags and PVIDs of its ports mean nothing.
bool keeps_vlans_apart(const Link& bridge);

/// How long a new port of a bridge stays silent: twice the forward delay while the spanning tree runs, else nothing.
std::chrono::seconds silence_of_new_port(const Link& bridge);

/// What a bridge's port does now: "forwarding", "learning", "listening", "blocking", "disabled".
std::string_view port_state(const Link& port);

/// Untagged on both ways in one VLAN, and in no other.
VlanMembership access_to(VlanId vlan);

}  // namespace kvmkit::net
