// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// A vCPU is a thread of the QEMU process; the kernel puts it on a physical CPU like any other thread.
struct VcpuThread {
    unsigned vcpu = 0;
    pid_t tid = 0;
    unsigned cpu = 0;         ///< The physical CPU that it ran on last.
    std::string accelerator;  ///< By the name that QEMU gave the thread: "kvm" or "tcg".
};

/// The process that runs a VM: the one whose command line carries its UUID. Absent if there is none on this host.
Fact<pid_t> find_qemu(const Root& root, std::string_view uuid);

/// The vCPU threads of a QEMU process, by vCPU; empty once it has ended.
Result<std::vector<VcpuThread>> vcpu_threads(const Root& root, pid_t qemu);

/// Ends the QEMU process of a VM whose libvirt is gone, and waits until it has. None there: nothing to do.
Result<void> kill_qemu(const Root& root, std::string_view uuid);

/// The same for all QEMU processes of an embedded driver: besides VMs those that it asked for QEMU's capabilities.
Result<void> kill_qemus_of(const Root& root, const std::filesystem::path& driver_root);

}  // namespace kvmkit::virt
