// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/sources/host_sources.hpp"

#include <functional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Where packages are to come from.
struct SwitchWish {
    std::string archive;        ///< For the release, its updates and backports.
    std::string security = {};  ///< For security updates; empty: they stay where they are.
};

/// A file and the bytes that it is to have.
struct ChangedSource {
    std::string path;
    std::string text;
};

struct SwitchPlan {
    std::vector<ChangedSource> files;     ///< Those that change.
    std::vector<ChangedSource> to_prove;  ///< Of every file only the distribution's entries, as they are going to be.
    std::vector<std::string> notes;       ///< What is left alone, and why.
    unsigned entries = 0;                 ///< How many of the distribution there are, changed or not.
};

/// Plans it: only URIs of the distribution's own entries are replaced, and of a stanza that has security suites as well
/// a copy stays for those. Pre-release suites are never moved or made.
SwitchPlan plan_switch(const std::vector<SourceFile>& files,
                       const Distribution& distribution,
                       const std::function<bool(const SourceEntry&)>& is_distributions,
                       const SwitchWish& wish);

}  // namespace kvmkit::setup
