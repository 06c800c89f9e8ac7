// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/distribution.hpp"
#include "setup/sources/mirror.hpp"
#include "setup/sources/settings_file.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Where a repository is on each of its distribution's mirrors.
struct RepositoryPlace {
    std::string path;       ///< Below the archive, with a '/' at the end: "$releasever/BaseOS/$basearch/os/".
    bool security = false;  ///< Security updates come by it.
};

/// The kind of archive that a distribution of RPM packages, or Arch, is kept in: "fedora", "rocky", "archlinux". Empty
/// where no public mirror of it is known: RHEL and SLES are for subscribers.
std::string_view repository_archive(const Distribution& distribution);

/// The variables that package managers replace in paths, replaced.
std::string expand_path(std::string path, const Distribution& distribution, std::string_view architecture);

/// The place of the repository that a release of RPM packages is nothing without: "$releasever/BaseOS/$basearch/os/".
std::string main_path(const Distribution& distribution);

/// Tells whose a repository is. Who knows nothing about one says that it is somebody else's.
class RepositoryOwner {
public:
    /// The arguments must outlive it.
    RepositoryOwner(const Distribution& distribution, const MirrorCatalogue& catalogue)
        : distribution_(distribution), catalogue_(catalogue), kind_(repository_archive(distribution))
    {
    }

    /// The place of a repository that is the distribution's: by its addresses, by the key that it asks for or by the
    /// catalogue, and never by its name alone, which third parties use, too. Absent: it is somebody else's.
    [[nodiscard]] std::optional<RepositoryPlace> place_of(const SettingsSection& repository) const;

private:
    [[nodiscard]] bool is_distributions(const SettingsSection& repository) const;
    [[nodiscard]] bool is_vendors(std::string_view address) const;
    [[nodiscard]] std::string below_archive(std::string_view address) const;

    const Distribution& distribution_;
    const MirrorCatalogue& catalogue_;
    std::string kind_;
};

/// The addresses in a setting: apart by blanks, commas or lines.
std::vector<std::string> addresses_in(std::string_view value);

}  // namespace kvmkit::setup
