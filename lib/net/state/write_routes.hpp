// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace kvmkit::net {

/// The routes through these links that somebody set by hand, as a state file writes them. `notes`: what of them is left
/// out, and why.
nlohmann::ordered_json describe_routes(const Network& network,
                                       std::span<const Link* const> links,
                                       std::vector<std::string>& notes);

}  // namespace kvmkit::net
