// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace kvmkit::setup {

/// /dev/kvm and what decides who may open it.
struct KvmDevice {
    bool present = false;
    gid_t owner_group = 0;
    mode_t mode = 0;                 ///< Permission bits only.
    std::optional<gid_t> kvm_group;  ///< Of /etc/group's "kvm".
    bool udev_runs = false;          ///< Then its rules decide, and nothing is to be done here.

    /// Whether members of group kvm, and so QEMU under libvirt, may open it.
    [[nodiscard]] bool open_to_group() const
    {
        const bool by_group = kvm_group == owner_group && (mode & 060U) == 060U;
        return present && (by_group || (mode & 06U) == 06U);
    }
};

KvmDevice observe_device(const Root& root);

/// The kernel module that would bring /dev/kvm.
struct KvmModule {
    std::optional<std::string> name;  ///< "kvm_intel", "kvm_amd"; absent: the CPU shows neither vmx nor svm.
    bool loaded = false;
    bool available = false;  ///< Modules of the running kernel lie in /lib/modules.
    bool loader = false;     ///< modprobe is there.
};

KvmModule observe_module(const Root& root);

}  // namespace kvmkit::setup
