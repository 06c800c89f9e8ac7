// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/vms_report.hpp"
#include "system/root.hpp"

#include <chrono>

namespace kvmkit::vm_run {

/// The VMs of this host at one moment.
struct Reading {
    RunningVms vms;
    std::chrono::steady_clock::time_point time;
};

/// kvm-check's own reader. not_found where there is no /proc.
Result<Reading> read_now(const Root& root);

/// What happened between two readings.
VmsReport between(const Reading& before, Reading after);

/// Two readings an interval apart; without one, averages since each thread started.
Result<VmsReport> look(const Root& root, std::chrono::milliseconds interval);

}  // namespace kvmkit::vm_run
