// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/sources/measure.hpp"
#include "setup/sources/mirror.hpp"

#include <optional>
#include <string>

namespace kvmkit::setup {

/// Where a release that has ended is kept.
struct EndedRelease {
    std::string archive;    ///< "http://archive.debian.org/debian/"
    bool security = false;  ///< Its security updates are kept beside it; their vendor may no longer have them.

    /// The command that turns to it.
    [[nodiscard]] std::string use() const;
};

/// Asks the archive that the catalogue names; absent: it does not have the release, or nobody is named.
std::optional<EndedRelease> find_ended(const Fetcher& fetcher,
                                       const MirrorCatalogue& catalogue,
                                       const ArchiveKinds& kinds,
                                       const MeasureOrder& order);

/// The vendor's security archive beside a mirror's main one: "/debian/" -> "/debian-security/". Empty: not known.
std::string security_beside(const std::string& archive, const ArchiveKinds& kinds);

}  // namespace kvmkit::setup
