// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::virt {

enum class Firmware { bios, uefi, secure };

/// "bios", "uefi", "secure"
std::string_view word(Firmware firmware) noexcept;

/// A folder of this host that the guest mounts by its tag: mount -t virtiofs TAG DIR.
struct Share {
    std::filesystem::path source;
    std::string tag;
    bool read_only = false;
};

/// A PCI device that is taken from the host and given to the guest.
struct PciAddress {
    unsigned domain = 0;
    unsigned bus = 0;
    unsigned slot = 0;
    unsigned function = 0;
};
/// "0000:03:00.0"
std::string text(const PciAddress& address);
/// Absent for a text that is none; "03:00.0" lies in domain 0.
std::optional<PciAddress> parse_pci_address(std::string_view text);

/// What a VM is made of beside CPUs, memory, disks and network cards.
struct Hardware {
    Firmware firmware = Firmware::bios;
    bool tpm = false;
    std::vector<Share> shares = {};
    std::vector<PciAddress> devices = {};
    std::optional<Bytes> huge_pages = std::nullopt;  ///< Of that size; absent: ordinary memory.
    std::vector<unsigned> pinned = {};               ///< vCPU n runs on the n-th of these, in turn; empty: anywhere.
    std::optional<unsigned> numa = std::nullopt;     ///< The node that all memory comes from.
    bool nested = false;
    std::string cpu = "auto";  ///< "auto", "host", or a model as libvirt names it.
    std::optional<std::filesystem::path> cdrom = std::nullopt;
    bool vnc =
        false;  ///< A screen, offered by VNC on a UNIX socket of libvirt's: VNC on TCP asks nobody for a password.
};

/// What the CPU that guests see is made of, beside the wish: known once the host was looked at.
struct CpuPlan {
    std::vector<std::string> without = {};              ///< Features that would keep QEMU from starting here.
    std::optional<std::string> nesting = std::nullopt;  ///< "vmx" or "svm", where guests of guests are asked for.
};

}  // namespace kvmkit::virt
