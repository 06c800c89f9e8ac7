// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/plan.hpp"
#include "system/machine.hpp"

#include <string>
#include <vector>

namespace kvmkit::setup {

/// What kvm-check found wrong, and what it says mends it.
struct Remedied {
    std::string check;  ///< "kvm.module"
    std::string summary;
    std::vector<std::string> commands;
    std::string where;       ///< "this-host", "firmware", "hypervisor", "cloud-console"
    bool asked_for = false;  ///< The check was named by --only or --require.
};

/// What the record of `kvm-check run --json` says of a host.
struct CheckedHost {
    MachineMark host;
    std::vector<Remedied> remedies;  ///< Of checks that fail or warn, in kvm-check's order.
};

/// Reads such a record. ErrorCode::usage: it is none, or one of a version that does not say of which host it is.
Result<CheckedHost> read_checked_host(const std::string& text);

/// Refused: the record is of another host, of an earlier boot, or of a recorded host. Says what was compared.
Result<void> check_same_boot(const MachineMark& recorded, const MachineMark& here);

/// What host-setup does of it.
struct Remedying {
    Components components;           ///< Empty: nothing is host-setup's to do.
    std::vector<std::string> notes;  ///< A sentence for each remedy: the component, or the command.
};

/// Only checks for which there is a component, on this host. Guests that run guests, and libvirt's power for a user,
/// are left to who asked for them. `has_user`: somebody is known who can be put into groups. Pure.
Remedying components_for(const CheckedHost& checked, bool has_user);

}  // namespace kvmkit::setup
