// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt.hpp"
#include "setup/sources/switch.hpp"
#include "setup/sources/workshop.hpp"
#include "system/runner.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// What is to be proved.
struct ProofOrder {
    std::string archive;                 ///< Stands in errors.
    std::vector<ChangedSource> sources;  ///< What apt is to read, and nothing else.
    std::vector<std::string> packages;   ///< What is going to be installed; each must have a candidate.
    PackageLimits limits = {};           ///< For each run of the package manager.
};

/// Reads the sources with apt in folders of our own, strictly, and has apt's solver plan the installation from what
/// came. The host's own sources and lists are not touched, and no lock of theirs is taken. ErrorCode::external: the
/// sources do not serve, and why; not_found: a package is missing or the plan cannot be made.
Result<void> prove_sources(Runner& runner, const Workshop& workshop, const ProofOrder& order);

/// Makes these folders in a proof's own, and writes the sources into parts/ there, each by its file's name.
Result<void> lay_out(const std::filesystem::path& top,
                     const std::vector<std::string>& folders,
                     const std::vector<ChangedSource>& sources);

/// apt-get update with the host's own sources, strict about this archive. What is wrong with other sources is yielded.
Result<std::vector<std::string>> refresh_from(Apt apt, const std::string& archive);

/// The error of a mirror that cannot be used.
Error unusable(const std::string& archive, const std::string& cause, const std::string& line, std::string hint);

}  // namespace kvmkit::setup
