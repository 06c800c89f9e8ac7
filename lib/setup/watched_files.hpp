// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <map>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// What files were, by path: "sha256:DIGITS" of the bytes, "absent" or "unreadable".
using Sightings = std::map<std::string, std::string>;

/// Every file that stays and that a plan depends on: those that it changes, and those that it, the package manager,
/// modprobe or sshd read on its behalf. What lies in proc, sys and run is told by answers, not by files. Needs root
/// for some.
Sightings look_at_watched_files(const Root& root);

/// One thing that is not as it was.
struct Drift {
    std::string what;  ///< "/etc/group", or the name of what was asked.
    std::string was;
    std::string is;
};

/// What differs between two looks, in order of names; a name that one of them lacks is `missing` there.
std::vector<Drift> drifts_between(const std::map<std::string, std::string>& before,
                                  const std::map<std::string, std::string>& now,
                                  const std::string& missing);

}  // namespace kvmkit::setup
