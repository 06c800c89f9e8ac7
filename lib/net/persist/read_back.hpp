// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/persist/writers.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// Reads the files as their manager would, and names what of the profile they do not say: links, masters, VLANs, MACs,
/// addresses, gateways, DHCP. Empty: all is there. For `none` see prove_state().
std::vector<std::string> missing_in(const KeptFiles& files, Manager manager, const Profile& profile);

}  // namespace kvmkit::net
