// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace kvmkit::net {

/// The program at the far end of a tap: QEMU, as a rule.
struct TapUser {
    std::string tap = {};
    std::string vm = {};  ///< What QEMU was told to call it; empty: nothing.
    pid_t pid = 0;

    bool operator==(const TapUser&) const = default;
};

/// Who holds which tap, by pid: out of /proc/PID/fdinfo, and where that is forbidden out of command lines that name a
/// tap (ifname=). Processes of other network namespaces than `own_namespace` ("net:[4026531840]") are left out; empty:
/// all count. What may not be read is left out, too.
std::vector<TapUser> tap_users(const Root& root, const std::string& own_namespace);

}  // namespace kvmkit::net
