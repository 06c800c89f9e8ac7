// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/namespace.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/planner/plan.hpp"
#include "txn/places.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace kvmkit::net {

/// Makes the steps from the present network to the wanted one; empty once it is reached.
using Planner = std::function<Result<Plan>(const Network&)>;

/// Who changes, where, and how long the links may take to get there.
struct Undertaking {
    std::string command_line;  ///< For the journal and the locks.
    txn::Places places;
    NetNamespace here;
    std::chrono::milliseconds patience = std::chrono::seconds{5};
};

/// How the run is watched; all must be set.
struct Talk {
    std::function<void(const std::string&)> announce;  ///< Each step, before it is made.
    std::function<void(const std::string&)> warn;      ///< What an earlier run left, and what became of it.
    std::function<bool()> interrupted;
};

/// What was done. No steps: nothing was to be done, and no transaction was begun.
struct Change {
    Plan steps;
    std::string transaction;
};

/// Takes the locks, undoes what killed runs left, plans, makes the steps under a journal, and looks again: success
/// means that the new plan is empty and that every bridge changed has come up. Any failure undoes all steps.
/// ErrorCode::locked, refused, interrupted, rolled_back (the links did not stay or come as wanted), damaged; any other
/// one means that nothing has changed. Needs CAP_NET_ADMIN.
Result<Change> carry_out(RouteSocket& route, const Undertaking& undertaking, const Planner& planner, const Talk& talk);

}  // namespace kvmkit::net
