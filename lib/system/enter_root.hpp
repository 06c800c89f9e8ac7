// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"

#include <optional>
#include <string>

namespace kvmkit {

/// How the process goes on that called enter_root().
struct Entered {
    std::optional<int>
        outside;  ///< The exit code of the process inside, which has ended; absent: this is the one inside.
};

/// Goes on inside a system that lies in a folder, in a process that sees nothing but it: mounts and processes of its
/// own, /proc and /sys that cannot be written, a /dev of a few nodes, an empty /run, the names of this machine's
/// resolver, and no right to load modules, set the clock or change the network, which is the machine's. The caller's
/// process waits outside and passes signals on; when either of them dies, the kernel ends all that runs inside, and the
/// mounts are gone with it. `name` is the path by which the folder was opened. Root, and one thread alone.
Result<Entered> enter_root(const UniqueFd& folder, const std::string& name);

}  // namespace kvmkit
