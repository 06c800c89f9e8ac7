// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/distribution.hpp"
#include "setup/sources/entry.hpp"
#include "setup/sources/mirror.hpp"
#include "system/root.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// One file of apt's sources.
struct SourceFile {
    std::string path;  ///< Relative to the host's root.
    SourceFormat format = SourceFormat::one_line;
    std::string text;
    SourceEntries entries;
};

/// Reads etc/apt/sources.list and sources.list.d in apt's order. Needs no privilege. ErrorCode::usage: a file that apt
/// itself refuses, with its line.
Result<std::vector<SourceFile>> read_sources(const Root& root);

/// What of the distribution a suite holds.
enum class SuitePart {
    base,      ///< The release, its updates and backports.
    security,  ///< "bookworm-security", "buster/updates"
    proposed,  ///< Not released yet.
    foreign,   ///< No suite of this release.
};

SuitePart part_of_suite(std::string_view suite, const Distribution& distribution);

/// Tells whose an entry is. Who knows nothing about one says that it is somebody else's.
class SourceOwner {
public:
    /// Reads what apt last fetched (var/lib/apt/lists). The arguments must outlive it.
    SourceOwner(const Root& root, const Distribution& distribution, const MirrorCatalogue& catalogue)
        : root_(root), distribution_(distribution), catalogue_(catalogue)
    {
    }

    /// Whether it is the distribution's archive: by the signature that it asks for, by its host, by the catalogue, or
    /// by what its Release file said when it was last fetched; and never by its suite's name, which third parties use,
    /// too.
    [[nodiscard]] bool is_distributions(const SourceEntry& entry) const;

private:
    [[nodiscard]] bool fetched_from_it(const std::string& uri, const std::string& suite) const;
    [[nodiscard]] bool is_its_host(std::string_view uri) const;
    /// The vendor's, but of what no mirror has: debug symbols, what is not released, days of the past. Its key and its
    /// Release file say the same as those of the archive itself.
    [[nodiscard]] bool is_another_archive(std::string_view uri) const;

    const Root& root_;
    const Distribution& distribution_;
    const MirrorCatalogue& catalogue_;
};

}  // namespace kvmkit::setup
