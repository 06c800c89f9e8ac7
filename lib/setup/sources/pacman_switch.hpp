// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/sources/repo_switch.hpp"
#include "setup/sources/switch.hpp"
#include "system/root.hpp"

#include <map>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Where pacman's packages come from.
struct PacmanSources {
    RepoFile conf;                          ///< etc/pacman.conf
    std::map<std::string, RepoFile> lists;  ///< The files that Arch's own repositories include, by path.
};

/// Reads etc/pacman.conf and the lists of servers that it includes. Needs no privilege. not_found: there is none;
/// ErrorCode::usage: a line that cannot be read.
Result<PacmanSources> read_pacman_sources(const Root& root);

/// The servers that Arch's own repositories are asked for from first: "http://h/archlinux/". Each once.
std::vector<std::string> pacman_archives(const PacmanSources& sources);

/// Plans it: the server is put before all others, which are left to fall back on, and into pacman.conf itself where a
/// repository's list of servers serves others, too. What is not Arch's own is not touched.
SwitchPlan plan_pacman_switch(const PacmanSources& sources, const SwitchWish& wish);

}  // namespace kvmkit::setup
