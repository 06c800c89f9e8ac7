// SPDX-License-Identifier: Apache-2.0
#include "setup/change_locks.hpp"

namespace kvmkit::setup {

Result<ChangeLocks> take_change_locks(const txn::Places& places, const std::string& command_line)
{
    auto own = txn::Lock::acquire(places, "lock.host-setup", command_line);
    if (!own) {
        return std::move(own).error();
    }
    auto shared = txn::Lock::acquire(places, "lock", command_line);
    if (!shared) {
        return std::move(shared).error();
    }
    return ChangeLocks{std::move(*own), std::move(*shared)};
}

}  // namespace kvmkit::setup
