// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <filesystem>

namespace kvmkit::txn {

/// Where kvmkit keeps what must outlive a process. Root gets the system's folders, everybody else the XDG ones.
struct Places {
    std::filesystem::path state;    ///< /var/lib/kvmkit: lasts through a reboot.
    std::filesystem::path runtime;  ///< /run/kvmkit: gone after one.
};

/// The folders of the effective user; nothing is created. Reads XDG_STATE_HOME, XDG_RUNTIME_DIR and HOME for others
/// than root.
Places default_places();

/// Refuses a folder that somebody else could have filled: it must belong to the effective user, and nobody else may
/// write to it. What is not there yet is fine.
Result<void> check_is_ours(const std::filesystem::path& folder);

}  // namespace kvmkit::txn
