// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"
#include "check/summary.hpp"

#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

using CheckIds = std::set<std::string, std::less<>>;

/// Which checks count, by their ids.
struct Selection {
    CheckIds only = {};     ///< Empty: all.
    CheckIds skip = {};     ///< As if they were not in the catalogue: nothing is skipped because of them.
    CheckIds require = {};  ///< Advisory ones that count all the same: what they warn of is a failure. Always reported.
    bool strict = false;    ///< A warning makes the host degraded.

    [[nodiscard]] bool is_all() const { return only.empty() && skip.empty() && require.empty() && !strict; }
};

/// A purpose that has a name: what it requires beyond what every host needs.
struct Profile {
    std::string_view name;
    std::string_view summary;
    std::span<const std::string_view> require;  ///< Ids or groups.
};

/// The purposes whose checks are in the catalogue.
std::span<const Profile> profiles();

/// The ids that a word names: one check, or a group ("kvm", "nested") for all that begin with it and a dot. Empty:
/// none.
CheckIds checks_named(std::span<const Check> checks, std::string_view word);

struct Judgement {
    std::vector<Finding> findings;  ///< Of the chosen checks.
    Readiness verdict = Readiness::unknown;
};

/// Judges the chosen checks and what they depend on; all of these decide the verdict. The
/// chosen ones are reported, and those because of which one of them was skipped.
Judgement judge_selected(const HostFacts& host, std::span<const Check> checks, const Selection& selection);

}  // namespace kvmkit
