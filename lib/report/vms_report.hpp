// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/overcommit.hpp"
#include "check/vm_load.hpp"
#include "facts/vms.hpp"

namespace kvmkit {

/// All that kvm-check says about the VMs of a host: plain data, ready to be rendered.
struct VmsReport {
    RunningVms running;
    VmLoad load;
    Overcommit overcommit;
};

/// Judges what was read.
inline VmsReport make_report(RunningVms running, VmLoad load)
{
    Overcommit overcommit = judge_overcommit(running, load);
    return {std::move(running), std::move(load), std::move(overcommit)};
}

}  // namespace kvmkit
