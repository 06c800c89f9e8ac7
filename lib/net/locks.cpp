// SPDX-License-Identifier: Apache-2.0
#include "net/locks.hpp"

namespace kvmkit::net {

Result<Locks> Locks::acquire(const txn::Places& places, const std::string& command)
{
    auto own = txn::Lock::acquire(places, "lock.net-setup", command);
    if (!own) {
        return std::move(own).error();
    }
    auto shared = txn::Lock::acquire(places, "lock", command);
    if (!shared) {
        return std::move(shared).error();
    }
    return Locks{std::move(*own), std::move(*shared)};
}

}  // namespace kvmkit::net
