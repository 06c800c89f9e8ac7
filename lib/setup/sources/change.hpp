// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/host.hpp"
#include "setup/package_manager.hpp"
#include "setup/sources/switch.hpp"
#include "setup/step.hpp"
#include "system/runner.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Where packages are to come from from now on, as the user said it.
struct MirrorOrder {
    std::string mirror;        ///< A name of the catalogue, or a URL; empty: back to what the host had.
    bool security = false;     ///< Security updates, too.
    std::string shipped = {};  ///< The catalogue that came with the program.
};

/// The steps that do it.
struct MirrorPlan {
    SwitchWish wish = {};
    std::vector<Step> steps;  ///< Empty: it is so already.
    std::vector<ChangedSource> to_prove = {};
    std::vector<std::string> notes = {};
};

/// Plans it from the files of a host. Fetches nothing. ErrorCode::usage: no such mirror; not_found: it has nothing for
/// this distribution, or the host's sources or repositories name nothing of the distribution; refused: a file was
/// edited after it was changed by us, or no public mirror of the distribution is known.
Result<MirrorPlan> plan_mirror(const Root& root, const Host& host, const MirrorOrder& order);

/// Where and with what a plan is proved.
struct ProofGround {
    Runner& runner;
    std::filesystem::path top = "/";
    std::string shipped = {};
    PackageLimits limits = {};
};

/// Proves with the host's package manager, in folders of its own, that the mirror serves this host: its release,
/// strictly read, and a plan for `packages`. Changes nothing of the host. ErrorCode::external, not_found: why it does
/// not, and where an ended release is found. Root.
Result<void> prove_mirror(const ProofGround& ground,
                          const Host& host,
                          const MirrorPlan& plan,
                          const std::vector<std::string>& packages);

/// Fetches the package lists by the host's own settings, strict about this archive: ErrorCode::rolled_back: it does not
/// serve. Yields what is wrong with others, where they are asked. Root.
Result<std::vector<std::string>> refresh_archive(Runner& runner,
                                                 const PackageLimits& limits,
                                                 const Root& root,
                                                 const std::string& archive);

}  // namespace kvmkit::setup
