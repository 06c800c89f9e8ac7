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

/// Whose packets: IPv4's or IPv6's.
enum class IpFamily { v4, v6 };

/// What becomes of a forwarded packet that no rule names: "drop" or "accept". Asks nft and iptables, as root, and each
/// only where its part of the kernel is there already, since asking would load it; what is not there drops nothing.
/// Where nft is not installed, iptables-nft still knows of a drop. Error (permission): we are not root; (not_found):
/// the program is not installed.
Fact<std::string> ask_forward_policy(const Root& root, Runner& runner, Deadline deadline, IpFamily family);

/// What becomes of what bridges carry, where the firewall sees it: that of IPv4, and "drop-ipv6" where nothing but
/// IPv6 is dropped. The firewall sees IPv6 where bridge-nf-call-ip6tables is 1.
Fact<std::string> ask_bridged_policy(const Root& root, Runner& runner, Deadline deadline);

/// The same out of `nft -j list chains`: "drop" if any of the chains that see forwarded packets of that kind drops.
/// Absent: there is none. Error: this is not nft's JSON.
Fact<std::string> parse_nft_chains(std::string_view json, IpFamily family);

/// The same out of `iptables -S FORWARD`, or ip6tables'; absent: its first line is no policy.
std::optional<std::string> parse_iptables_policy(std::string_view rules);

}  // namespace kvmkit
