// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// What the command line of a QEMU process says of its VM, as it was started: CPUs and memory plugged in later do not
/// show in it.
struct QemuCommand {
    std::string name;               ///< -name; empty: none.
    std::string uuid;               ///< -uuid; empty: none.
    std::optional<unsigned> vcpus;  ///< -smp, or QEMU's default; absent: not to be told.
    std::optional<Bytes> memory;    ///< -m, or QEMU's default; absent: not to be told.
    std::string accelerator;        ///< "kvm", "tcg"; empty: several were named, and the first that works is taken.
    bool debug_threads = false;     ///< Its threads carry names.
    bool has_machine = true;        ///< Not "-machine none", with which libvirt only asks QEMU what it can do.
};

/// Whether a program's path or a process's name is that of a system emulator: "qemu-system-x86_64", "qemu-kvm", "kvm".
bool is_qemu(std::string_view program);

/// The words of /proc/PID/cmdline, the program first.
QemuCommand parse_qemu_command(const std::vector<std::string_view>& words);

/// The text of /proc/PID/cmdline as words; empty for a kernel thread and for a process that has ended.
std::vector<std::string_view> command_words(std::string_view cmdline);

/// A size as -m takes it: "4G", "1.5g", "4194304k"; a bare number counts MiB.
std::optional<Bytes> parse_qemu_memory(std::string_view text);

}  // namespace kvmkit
