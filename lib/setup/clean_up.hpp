// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/domain.hpp"
#include "setup/package_manager.hpp"
#include "setup/undo_wait.hpp"
#include "txn/execute.hpp"
#include "txn/places.hpp"

#include <functional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Undoes what killed runs of host-setup left, once no package manager is at work that they may have begun: before
/// anything else is changed. What a newer change stands on stays, and is told among what failed. Under host-setup's
/// locks. Root.
Result<txn::Cleanup> clean_up(const txn::Places& places, const UndoWait& wait, HostDomain& domain);

/// The same at the start of a change, told by `warn`. Yields the ids of what is undone.
Result<std::vector<std::string>> clean_up_first(const txn::Places& places,
                                                const UndoWait& wait,
                                                HostDomain& domain,
                                                const std::function<void(const std::string&)>& warn);

/// ErrorCode::refused: a newer change stands, which may need what could not be undone of that one.
Result<void> check_nothing_stands_on(const txn::Inventory& inventory, const txn::Record& record);

/// A failure to go on, once these were undone: it is not so that nothing was touched.
Error after_undoing(Error error, const std::vector<std::string>& undone);

/// These limits, with the log that a failure leaves.
PackageLimits logged(PackageLimits limits, const txn::Places& places);

}  // namespace kvmkit::setup
