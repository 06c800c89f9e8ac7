// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"
#include "net/planner/plan.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// The connection that the operator works through.
struct Operator {
    IpAddress peer;   ///< Where the operator sits.
    IpAddress local;  ///< The host's own end.

    bool operator==(const Operator&) const = default;
};

/// From sshd's SSH_CONNECTION: "192.0.2.7 50522 192.0.2.1 22"; absent where it is something else.
std::optional<Operator> read_operator(std::string_view ssh_connection);

/// Whether the operator's session ends at an address of this network.
bool sits_here(const Network& network, const std::optional<Operator>& who);

/// Why the host cannot be reached any more once the plan is made, in words that follow "it leaves ..."; absent: it can,
/// or it could not before either. Without an operator the default routes stand for one. Pure.
std::optional<std::string> lost_way(const Network& network, const Plan& plan, const std::optional<Operator>& who);

/// Whether a plan changes a link that the host talks through, by routes or by an address of its own, or one that such a
/// link stands on: what fails half-way, or is killed there, may cut the host off. Pure.
bool touches_way_out(const Network& network, const Plan& plan);

}  // namespace kvmkit::net
