// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/namespace.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/planner/plan.hpp"
#include "txn/places.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// Makes the steps from the present network to the wanted one; empty once it is reached.
using Planner = std::function<Result<Plan>(const Network&)>;

/// Whether a change that is made and verified stays. `interrupt`: undone, because a signal came; `look`: the watchdog,
/// or somebody who asked it, has decided.
enum class Decision { keep, undo, interrupt, look };

/// A change on trial: undone unless somebody, or a proof, decides for it in time. A watchdog sees to that.
struct Trial {
    std::chrono::milliseconds timeout = std::chrono::seconds{90};
    /// Asked once the change is verified; empty: it stays. The descriptor is readable once the watchdog has decided.
    std::function<Decision(const std::string& transaction, int watchdog)> decide = {};
};

/// What makes a change outlast the boot. Each function may be empty.
struct Keeper {
    /// Under the locks, before all: ends what killed runs left half written.
    std::function<void()> recover = {};
    /// Before anything is touched: whether the network to come can be kept.
    std::function<Result<void>(const Network& now, const Plan& plan)> foresee = {};
    /// The change is verified, and nothing decided yet: lays down beside its journal what is to be written.
    std::function<Result<void>(const Network& now, const std::filesystem::path& record)> prepare = {};
    /// The change is confirmed, and stays whatever comes of this. Runs in the watchdog where there is one.
    std::function<void(const std::filesystem::path& record)> fulfil = {};
    /// Before a change is undone: takes back what was written for it.
    std::function<Result<void>(const std::string& change, const std::vector<LinkName>& links)> take_back = {};
};

/// Where a watchdog of net-setup hears confirm, rollback, extend and status.
std::filesystem::path watchdog_socket(const txn::Places& places);

/// Who changes, where, and how long the links may take to get there.
struct Undertaking {
    std::string command_line;  ///< For the journal and the locks.
    txn::Places places;
    NetNamespace here;
    std::chrono::milliseconds patience = std::chrono::seconds{5};
    Trial trial = {};
    Keeper keeper = {};
};

/// How the run is watched; all but `locate` must be set.
struct Talk {
    std::function<void(const std::string&)> announce;  ///< Each step, before it is made.
    std::function<void(const std::string&)> warn;      ///< What an earlier run left, and what became of it.
    std::function<bool()> interrupted;
    /// Adds to an error where the wish stands that could not be fulfilled; may be empty.
    std::function<Error(Error, const KeyPath&)> locate = {};
};

/// What was done. No steps: nothing was to be done, and no transaction was begun.
struct Change {
    Plan steps;
    std::string transaction;
};

/// Takes the locks, undoes what killed runs left, plans, makes the steps under a journal, and looks again: success
/// means that the new plan is empty and that every bridge changed has come up. Any failure undoes all steps. A plan
/// that hands the host's addresses over, or one on trial, is watched: killed half-way it is undone at once.
/// ErrorCode::locked, refused, interrupted, rolled_back (the links did not stay or come as wanted), damaged; any other
/// one means that nothing has changed. Needs CAP_NET_ADMIN.
Result<Change> carry_out(RouteSocket& route, const Undertaking& undertaking, const Planner& planner, const Talk& talk);

}  // namespace kvmkit::net
