// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt.hpp"
#include "setup/plan.hpp"
#include "setup/saved_plan.hpp"
#include "setup/sources/change.hpp"
#include "setup/ssh/root_login.hpp"
#include "system/runner.hpp"
#include "txn/places.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// What is to be done, and by whom.
struct Request {
    Components components;
    PackageLimits limits;
    std::string command_line;  ///< For the journal and the locks.
    txn::Places places;
    std::filesystem::path top = "/";         ///< The host's root directory; tests give a folder.
    std::optional<MirrorOrder> mirror = {};  ///< Of component mirror.
    bool repair = false;                     ///< An interrupted dpkg is finished first, not refused.
    bool tutorial = false;                   ///< The classic walk-through is translated, as Profile says.
    std::string catalogue = {};              ///< As Wanted has it.
    std::string user = {};                   ///< Of component groups; empty: nobody.
    NetworkWish network = {};                ///< Of component network.
    std::function<Result<std::vector<Ipv4Claim>>()> claims = {};  ///< Likewise: what uses IPv4 addresses here.
    std::optional<RootLoginOrder> root_login = {};                ///< Of component ssh-root: made last, on trial.
    std::vector<std::string> allow_remove = {};                   ///< Packages that may go where the others need it.
    std::vector<std::string> remarks = {};                        ///< Told with the answer, before all other notes.
    std::optional<SavedPlan> saved = {};  ///< The plan that was looked at; nothing but that is to be made.
    bool image = false;                   ///< The root is an image that was entered.
    std::optional<SavedPlan> kept = {};   ///< What the journal keeps of it, or of the order: for resume --finish.
};

/// How the run talks and is talked to. All must be set.
struct Talk {
    std::function<void(const std::string&)> note;
    std::function<void(const std::string&)> warn;
    std::function<void(const PackageProgress&)> progress;
    std::function<bool()> interrupted;
};

/// What was done.
struct Done {
    std::string transaction;  ///< Empty: nothing was to be done.
    std::vector<Step> steps;  ///< Each one made, in order.
    std::vector<PackageChange> packages;
    Host host;                                     ///< As it is now.
    std::vector<std::string> notes;                ///< What could not be done here, and why.
    std::vector<std::string> relogin = {};         ///< Users who must log in again before all holds for them.
    std::vector<std::string> reboot = {};          ///< Why some of it holds only after a reboot.
    std::optional<RootLoginDone> root_login = {};  ///< A transaction of its own; absent: it was not asked for.
};

/// Makes the host what was asked for, or leaves it as it was, but for packages: they stay, and ErrorCode::damaged lists
/// them. Undoes first what a killed run left. root's login is made last, by a transaction of its own that waits for its
/// confirmation: where none comes, ErrorCode::rolled_back takes that back alone. Root.
Result<Done> apply(Runner& runner, const Request& request, const Talk& talk);

}  // namespace kvmkit::setup
