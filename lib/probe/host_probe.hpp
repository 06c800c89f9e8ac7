// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "facts/host_facts.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>

namespace kvmkit {

/// How much of this host's KVM is tried. A recorded host holds what was recorded, whatever is said here.
enum class Depth {
    guests,  ///< Guests are run and measured.
    nested,  ///< And a guest runs a guest of its own.
    open,    ///< /dev/kvm is opened and asked nothing.
};

struct ProbeOrder {
    Deadline deadline;
    Depth depth = Depth::guests;
    std::optional<UserFacts> user = std::nullopt;  ///< Judge this user's access, not our own.
};

/// Collects every fact. Never fails as a whole: what cannot be read is recorded as such. On this host it also runs
/// guest code through /dev/kvm, in a child that is gone by the deadline; for any other root it opens no device and runs
/// nothing, but reads what was recorded (docs/recorded-hosts.md). Needs no privilege beyond the access to /dev/kvm.
HostFacts probe_host(const Root& root, const ProbeOrder& order);

/// The same for ourselves, guests included.
inline HostFacts probe_host(const Root& root, Deadline deadline)
{
    return probe_host(root, ProbeOrder{deadline});
}

/// The user of this name in the root's etc/passwd and etc/group, as a new login would have them. ErrorCode::usage:
/// there is none.
Result<UserFacts> find_user_in(const Root& root, const std::string& name);

}  // namespace kvmkit
