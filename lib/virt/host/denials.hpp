// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::virt {

/// What AppArmor kept the QEMU of a VM from.
struct Denial {
    std::string operation = {};  ///< "open", as AppArmor calls it.
    std::string path = {};
    std::string mask = {};  ///< "r", "rw", "k": what was denied.

    bool operator==(const Denial&) const = default;
};

/// The last denial of libvirt's profile of this VM since a moment, in a log of the kernel or of auditd. Pure.
std::optional<Denial> last_denial(std::string_view log, std::string_view vm_uuid, std::chrono::sys_seconds since);

/// The same in /dev/kmsg, and where auditd takes it from there, at the end of its log. Needs CAP_SYSLOG where
/// kernel.dmesg_restrict is set; absent, too, where nothing can be read.
std::optional<Denial> find_denial(const Root& root, std::string_view vm_uuid, std::chrono::sys_seconds since);

/// What lets QEMU do it.
std::string remedy_of(const Denial& denial);

}  // namespace kvmkit::virt
