// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/change.hpp"
#include "txn/store.hpp"

#include <string>

namespace kvmkit::net {

/// The changes that were ever begun, oldest first; the last 50 that ended are kept.
Result<txn::Inventory> history(const txn::Places& places);

/// Takes back a change that has ended well; without an id the last one that still stands. Newer ones must be undone
/// first: they were made on top of it. Returns its id. ErrorCode::refused: it does not stand, something newer does, or
/// it was made in another namespace or before the last boot; not_found; damaged. Needs CAP_NET_ADMIN.
Result<std::string> undo_change(RouteSocket& route, const Undertaking& undertaking, const std::string& id);

}  // namespace kvmkit::net
