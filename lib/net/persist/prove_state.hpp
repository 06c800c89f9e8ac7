// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// Reads a state file and plans from the present network to it. Sentences about what it does not describe, and about
/// steps that are left; empty: it is the network as it is.
std::vector<std::string> doubts_about_state(const std::string& state, const Network& network);

}  // namespace kvmkit::net
