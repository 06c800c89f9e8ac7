// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/dpkg.hpp"
#include "setup/host.hpp"
#include "setup/package_manager.hpp"
#include "setup/step.hpp"
#include "txn/journal.hpp"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// One package that apt brought, or made another version of.
struct Arrival {
    enum class How {
        added,
        over_settings,  ///< Added, too, where settings of an earlier installation lay.
        changed,        ///< It was there in another version.
    };
    std::string name;  ///< As apt writes it: with its architecture only where that is not the host's.
    std::string version;
    How how = How::added;
};

/// What apt is told to bring: what it said that it would, and what it was asked for.
struct Expected {
    std::set<std::string> names;

    void take(const Price& price);
    void take(std::span<const Step> steps);
};

/// What of that came, by dpkg's database before and after.
std::vector<Arrival> arrivals_between(const PackageTable& before, const PackageTable& after, const Expected& expected);

/// Lays it beside the journal of an application that made this host of what it was: rollback --packages goes by it.
/// Where apt does not serve, nothing.
Result<void> keep_arrivals(const txn::Journal& journal,
                           const Expected& expected,
                           const PackageTable& before,
                           const Host& after);

/// What lies beside a transaction's journal; absent: nothing, as where apt was not at work, or an earlier version was.
Result<std::optional<std::vector<Arrival>>> kept_arrivals(const txn::Record& record);

}  // namespace kvmkit::setup
