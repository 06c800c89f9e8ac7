// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/change.hpp"
#include "net/recovery.hpp"
#include "txn/store.hpp"

#include <functional>
#include <optional>
#include <string>

namespace kvmkit::net {

/// The changes that were ever begun, oldest first; the last 50 that ended are kept.
Result<txn::Inventory> history(const txn::Places& places);

/// Why a plan is not to be made although it could be; absent: nothing speaks against it.
using Objection = std::function<std::optional<Error>(const Network&, const Plan&)>;

/// What is asked and told while a change is undone; both must be set.
struct UndoTalk {
    Objection objection;
    std::function<void(const std::string&)> warn;
};

/// Takes back a change that has ended well; without an id the last one that still stands. Newer ones must be undone
/// first: they were made on top of it. What concerns the way to the host is undone to its end by a watchdog if this
/// process is killed in the middle. Returns its id. ErrorCode::refused: it does not stand, something newer does, it was
/// made in another namespace or before the last boot, a bridge that would go has got other ports or addresses, or an
/// objection is against what undoes it; not_found; damaged. Needs CAP_NET_ADMIN.
Result<std::string> undo_change(RouteSocket& route,
                                const Undertaking& undertaking,
                                const std::string& id,
                                const UndoTalk& talk);

/// Undoes what killed runs left half-made in this network namespace, as the next change would; `id`: only if that is
/// among it, else ErrorCode::not_found. Needs CAP_NET_ADMIN.
Result<Recovery> undo_half_made(RouteSocket& route, const Undertaking& undertaking, const std::string& id);

}  // namespace kvmkit::net
