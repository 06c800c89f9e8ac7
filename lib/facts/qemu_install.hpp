// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// One firmware for guests of this host's architecture, as its descriptor tells.
struct Firmware {
    std::string descriptor;    ///< "50-edk2-x86_64-secure.json"
    std::string image;         ///< "/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd"
    bool uefi = false;         ///< It is UEFI, not a BIOS.
    bool secure_boot = false;  ///< It can verify what it boots.
    bool present = false;      ///< The image is there.
};

/// What is installed of QEMU, as far as files tell.
struct QemuFacts {
    bool looked = false;                      ///< False: a recording without the places where programs lie.
    std::string target;                       ///< What QEMU calls the host's architecture; empty: not known.
    Fact<std::string> binary{std::nullopt};   ///< "/usr/bin/qemu-system-x86_64": the emulator for this architecture.
    Fact<std::string> version{std::nullopt};  ///< "7.2.22", "7.2"; absent: nothing that is cheap to read tells.
    std::vector<Firmware> firmware;
};

/// What QEMU calls the architecture that `uname -m` spells so: "i386" of "i686". Empty for one it has no emulator for.
std::string qemu_target(std::string_view machine);

/// Reads a descriptor of a firmware (QEMU's docs/interop/firmware.json) that fits guests of the target; absent for one
/// that does not, and for a text that is no descriptor. `descriptor` and `present` are left to the caller.
std::optional<Firmware> parse_firmware(std::string_view json, std::string_view target);

/// The version of an installed package in the text of var/lib/dpkg/status; empty: it is not installed.
std::string dpkg_version(std::string_view status, std::string_view package);

/// The same for the text of lib/apk/db/installed.
std::string apk_version(std::string_view installed, std::string_view package);

/// The same for the names of the folders in var/lib/pacman/local.
std::string pacman_version(const std::vector<std::string>& folders, std::string_view package);

}  // namespace kvmkit
