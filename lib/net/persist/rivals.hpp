// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/persist/persist.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// What other files say of a profile's links, and what is done about it.
struct Rivals {
    std::vector<FileChange> edits = {};    ///< Files of others without what would contradict ours.
    std::vector<std::string> doubts = {};  ///< What is left.
};

/// A profile and the links as they are, whose names and MACs other files may match.
struct RivalSearch {
    const Profile& profile;
    const Network& network;
    const Root& root;
    const KeptFiles& ours;
};

/// Files that would win against ours, and what the manager lacks to bring the links up at boot. Pure but for reading.
Rivals find_rivals(Manager manager, const RivalSearch& search);

/// Whether systemd starts a unit at boot.
bool starts_at_boot(const Root& root, const std::string& unit);

Rivals networkd_rivals(const RivalSearch& search);
Rivals netplan_rivals(const RivalSearch& search);
Rivals keyfile_rivals(const RivalSearch& search);
Rivals sysconfig_rivals(Manager manager, const RivalSearch& search);
Rivals interfaces_rivals(Manager flavour, const RivalSearch& search);

}  // namespace kvmkit::net
