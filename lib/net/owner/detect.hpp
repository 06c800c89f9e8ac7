// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"
#include "net/owner/manager.hpp"
#include "system/root.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// One sign that a manager looks after a link.
struct Claim {
    Manager manager = Manager::none;
    std::string file;      ///< What was read: "/run/systemd/netif/links/2".
    std::string evidence;  ///< What it says: "ADMIN_STATE=configured NETWORK_FILE=/etc/systemd/network/eth0.network".

    bool operator==(const Claim&) const = default;
};

/// Everything that says so, the most specific manager first; none: nobody owns the link. Reads files only, those of
/// `root`: index and names of the link must be that host's.
std::vector<Claim> claims_on(const Link& link, const Root& root);

/// The first claim's manager.
Manager owner_by(const std::vector<Claim>& claims) noexcept;

}  // namespace kvmkit::net
