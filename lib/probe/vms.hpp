// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/vms.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// Reads the VMs that run on a host, from its proc and sys alone: every QEMU process, whoever started it. Needs no
/// privilege; what may not be looked at is counted. Processes and threads that end meanwhile are left out. Absent if
/// there is no proc.
Fact<RunningVms> read_vms(const Root& root);

/// One of them; absent if this process is none, or has ended. An Error if it may not be looked at.
Fact<RunningVm> read_vm(const Root& root, int pid);

}  // namespace kvmkit
