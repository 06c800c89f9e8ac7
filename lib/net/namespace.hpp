// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>

namespace kvmkit::net {

/// A network namespace, by what the kernel calls it. The numbers can come again once it is gone.
struct NetNamespace {
    std::string name = {};  ///< As in /run/netns; empty: the one that the process was started in.
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    [[nodiscard]] bool is_same(const NetNamespace& other) const noexcept
    {
        return device == other.device && inode == other.inode;
    }
};

/// The one that this thread is in.
Result<NetNamespace> current_namespace();

/// Moves this thread into /run/netns/NAME: sockets opened afterwards belong there. CAP_SYS_ADMIN.
Result<NetNamespace> enter_namespace(const std::string& name);

/// Whether a named one is known to be gone; of one without a name nobody can tell.
bool is_gone(const NetNamespace& space);

/// ErrorCode::permission if this process lacks CAP_NET_ADMIN, before anything is begun.
Result<void> check_may_change_links();

}  // namespace kvmkit::net
