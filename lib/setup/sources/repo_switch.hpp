// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/sources/original.hpp"
#include "setup/sources/switch.hpp"
#include "setup/sources/vendor.hpp"
#include "system/root.hpp"

#include <string>
#include <vector>

namespace kvmkit::setup {

/// One file of repositories, of yum, dnf or zypper.
struct RepoFile {
    std::string path;  ///< Relative to the host's root.
    std::string text;
    SettingsFile settings;
};

/// Reads etc/yum.repos.d, or etc/zypp/repos.d for zypper, in the order of names. Needs no privilege. ErrorCode::usage:
/// a file that cannot be read, with its line.
Result<std::vector<RepoFile>> read_repo_files(const Root& root, Installer installer);

/// Whether a package manager uses the repository.
bool is_enabled(const SettingsSection& repository);

/// The place of a repository that is the distribution's: as it is now, or as it was before host-setup first changed its
/// file. Absent: it is somebody else's.
std::optional<RepositoryPlace> place_of(const RepoFile& file,
                                        const SettingsSection& repository,
                                        const RepositoryOwner& owner,
                                        const OriginalSources& original);

/// Plans it: of the distribution's repositories that are enabled the address is replaced, and metalink and mirrorlist
/// become comments, which dnf would go by otherwise. Nothing else is touched: neither keys nor checks, and no
/// repository that is switched off, or written by a service of zypper's.
SwitchPlan plan_repo_switch(const std::vector<RepoFile>& files,
                            const RepositoryOwner& owner,
                            const OriginalSources& original,
                            const SwitchWish& wish);

}  // namespace kvmkit::setup
