// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"
#include "system/root.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace kvmkit {

/// Folders of modprobe's settings; of files with the same name in two of them, one counts.
inline constexpr std::array modprobe_folders{
    "etc/modprobe.d", "run/modprobe.d", "usr/local/lib/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d"};

/// The word that a file chooses among others by brackets: "always [madvise] never"; absent: it chooses none.
Fact<std::string> chosen_in(const Root& root, const std::string& path);

/// What files tell.
KernelFacts read_kernel_settings(const Root& root);

/// The MSR by which the firmware locks virtualization, of this machine's first CPU: IA32_FEATURE_CONTROL or AMD's
/// VM_CR. Absent where the module msr is not loaded; it is not loaded for it.
Fact<std::uint64_t> read_lock_msr(const HostFacts& host);

}  // namespace kvmkit
