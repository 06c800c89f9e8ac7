// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/domain.hpp"
#include "setup/package_manager.hpp"
#include "setup/undo_wait.hpp"
#include "txn/execute.hpp"
#include "txn/places.hpp"

namespace kvmkit::setup {

/// Undoes what killed runs of host-setup left, once no package manager is at work that they may have begun: before
/// anything else is changed. Under host-setup's locks. Root.
Result<txn::Cleanup> clean_up(const txn::Places& places, const UndoWait& wait, HostDomain& domain);

/// These limits, with the log that a failure leaves.
PackageLimits logged(PackageLimits limits, const txn::Places& places);

}  // namespace kvmkit::setup
