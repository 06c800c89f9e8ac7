// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/handover/snapshot.hpp"
#include "net/netlink/kernel_error.hpp"
#include "net/planner/step.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// What makes a step, ready to be sent: requests to the kernel, or the one thing that is no matter of netlink.
struct Parcel {
    std::vector<std::string> requests = {};  ///< Whole messages, but for their sequence numbers.
    Attempt attempt = {};
    std::size_t steps = 1;                   ///< How many steps in a row it makes.
    bool takes_away = false;                 ///< Deletes, removes, frees or switches off.
    std::optional<Holder> readdressed = {};  ///< Its MAC is set, and its fixed neighbours are set again after it.
    std::optional<SetIpv6> switch_ = {};     ///< In place of requests: a file of /proc/sys.
};

/// Packs one action on the links as they will be when it arrives. ErrorCode::not_found: a link that it needs does not
/// exist. Pure.
Result<Parcel> pack(const Action& action, const Network& network);

/// One request that deletes all links of a group, which is as many steps as there are links. The kernel waits once for
/// all of them, and not once for each.
Parcel pack_deletion_of_group(std::uint32_t group, std::size_t links);

/// Why the kernel did not make one of several parcels.
struct Refused {
    std::size_t parcel = 0;
    Error error;
    std::vector<std::uint16_t> attribute = {};  ///< What it does not like, from the outside in; empty: it did not say.
    std::string words = {};                     ///< Its own.
};

/// What became of parcels that were sent together. All of them were tried.
struct Receipt {
    std::optional<Refused> refused = {};  ///< The first one.
    bool complete = true;                 ///< false: answers were lost, and what was made must be looked at.
};

/// The attribute of a request that begins at that offset, as the types of those that lead to it; empty: there is none.
/// Pure.
std::vector<std::uint16_t> attribute_at(std::string_view request, std::uint32_t offset);

}  // namespace kvmkit::net
