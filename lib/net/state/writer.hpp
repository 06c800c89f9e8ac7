// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/desired.hpp"
#include "net/model/network.hpp"

#include <span>
#include <string>

namespace kvmkit::net {

enum class Notation { yaml, json };

/// The name servers as they are.
struct ToldResolver {
    DesiredResolver now = {};
    bool is_kept = false;  ///< By a program, so that they cannot be set: told, and not asked for.
};

/// The state file that describes these links of a network and the routes through them as they are: read and planned
/// again it changes nothing. Left out are taps, lo, and links of kinds that state files do not know. What else cannot
/// be described is named in comments at the head of the YAML.
/// `resolver`: what the host asks for names, and whether it may be set; null: it is left out.
std::string write_state(const Network& network,
                        std::span<const Link* const> links,
                        Notation notation,
                        const ToldResolver* resolver = nullptr);

}  // namespace kvmkit::net
