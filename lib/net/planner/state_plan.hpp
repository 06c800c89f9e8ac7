// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/desired.hpp"
#include "net/planner/plan.hpp"

#include <optional>

namespace kvmkit::net {

/// A wish that cannot be fulfilled, and where it stands.
struct Complaint {
    Error error;
    KeyPath at = {};
};

/// A plan, or why there is none.
struct Drafted {
    Plan plan = {};
    std::optional<Complaint> complaint = {};
};

/// Who keeps the host's name servers, and what they are: see resolver/.
struct ResolverState;

/// What is known beside the network itself.
struct Known {
    const ResolverState* resolver = nullptr;
    std::vector<LinkName> dhcp_links = {};  ///< Those that a DHCP client looks after.
};

/// The steps from the present network to a wished state, in an order that the kernel accepts and that never takes away
/// what is still needed; empty once it is reached. Complaints: ErrorCode::not_found, a link that is needed does not
/// exist; refused, it would cut somebody off or is not ours to change; unsupported. Without `known.resolver` name
/// servers cannot be set. Pure.
Drafted plan_state(const Network& network,
                   const DesiredNetwork& wanted,
                   const Birthmark& birthmark,
                   const Known& known = {});

}  // namespace kvmkit::net
