// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/fact.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// What becomes of a forwarded IPv4 packet that no rule names: "drop" or "accept". Asks nft and iptables, as root, and
/// each only where its part of the kernel is there already, since asking would load it; what is not there drops
/// nothing. Error (permission): we are not root; (not_found): the program is not installed.
Fact<std::string> ask_forward_policy(const Root& root, Runner& runner, Deadline deadline);

/// The same out of `nft -j list chains`: "drop" if any of the chains that see forwarded IPv4 drops. Absent: there is
/// none. Error: this is not nft's JSON.
Fact<std::string> parse_nft_chains(std::string_view json);

/// The same out of `iptables -S FORWARD`; absent: its first line is no policy.
std::optional<std::string> parse_iptables_policy(std::string_view rules);

}  // namespace kvmkit
