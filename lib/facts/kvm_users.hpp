// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kvmkit {

/// A process that has KVM open.
struct KvmUser {
    int pid = 0;
    std::string command = {};  ///< What the kernel calls it: "qemu-system-x86".
    bool machine = false;      ///< It holds a virtual machine, and not only /dev/kvm.

    bool operator==(const KvmUser&) const = default;
};

/// Who uses KVM, ourselves left out.
struct KvmUsers {
    std::vector<KvmUser> users = {};
    std::size_t hidden = 0;  ///< Processes whose open files only root may see.

    bool operator==(const KvmUsers&) const = default;
};

}  // namespace kvmkit
