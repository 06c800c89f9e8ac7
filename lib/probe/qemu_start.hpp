// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/fact.hpp"
#include "facts/qemu_start.hpp"
#include "system/runner.hpp"

#include <string>

namespace kvmkit {

/// Which QEMU is to be started, and how.
struct QemuTrial {
    std::string program;  ///< "/usr/bin/qemu-system-x86_64"
    std::string target;   ///< What QEMU calls the architecture: "x86_64".
    std::string accel;    ///< QEMU's -accel: "kvm" or "tcg".
    std::string cpu;      ///< QEMU's -cpu: "host,-arch-capabilities"
    Deadline deadline;    ///< Then QEMU is killed.
};

/// Starts QEMU paused, without devices, and tells it by QMP to end. That makes a vCPU and writes its registers, where
/// QEMU aborts if KVM refuses one; no guest code runs. Absent: it is not known which machine QEMU has for this target.
/// Error (timeout): it did not end in time. Needs what the accelerator needs: access to /dev/kvm.
Fact<QemuStart> start_qemu(Runner& runner, const QemuTrial& trial);

}  // namespace kvmkit
