// SPDX-License-Identifier: Apache-2.0
#include "txn/change_locks.hpp"

namespace kvmkit::txn {

Result<ChangeLocks> ChangeLocks::acquire(const Places& places, const std::string& tool, const std::string& command)
{
    auto own = Lock::acquire(places, "lock." + tool, command);
    if (!own) {
        return std::move(own).error();
    }
    auto shared = Lock::acquire(places, "lock", command);
    if (!shared) {
        return std::move(shared).error();
    }
    return ChangeLocks{std::move(*own), std::move(*shared)};
}

}  // namespace kvmkit::txn
