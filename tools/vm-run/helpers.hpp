// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "guardian.hpp"
#include "launch_options.hpp"
#include "system/signals.hpp"
#include "virt/libvirt/event_loop.hpp"

#include <memory>
#include <optional>

namespace kvmkit::vm_run {

/// What a process that launches VMs needs once, however many they are.
struct Helpers {
    std::optional<SignalWatch> signals;
    std::optional<Guardian> guardian;  ///< Of VMs that are not to outlive the process.
    std::unique_ptr<virt::EventLoop> loop;

    Result<void> start(const LaunchOptions& options);
};

}  // namespace kvmkit::vm_run
