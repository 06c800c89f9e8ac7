// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// The first CPU of /proc/cpuinfo.
struct CpuFacts {
    std::string vendor;  ///< As the kernel spells it: "GenuineIntel", "AuthenticAMD", "0x41" on Arm; empty: not told.
    std::string model;   ///< The product's name; empty: not told.
    std::set<std::string, std::less<>> flags;
    std::string platform = {};  ///< POWER's "PowerNV" or "pSeries"; empty elsewhere.
    std::string machine = {};   ///< POWER's "CHRP IBM pSeries (emulated by qemu)"; empty: not told.

    [[nodiscard]] bool has_flag(std::string_view name) const { return flags.contains(name); }
};

/// The flag by which the kernel offers hardware virtualization: of Intel, AMD, IBM Z, LoongArch and RISC-V.
enum class VirtFlag { none, vmx, svm, sie, lvz, h };

VirtFlag virt_flag(const CpuFacts& cpu) noexcept;

/// "vmx", "svm", "sie", "lvz", "h" or "none".
std::string_view word(VirtFlag flag) noexcept;

/// Whether it has AMD's kind of virtualization (Hygon's CPUs do, too): whose KVM module is kvm_amd.
bool is_amd(const CpuFacts& cpu) noexcept;

/// One answer of the CPUID instruction.
struct CpuidLeaf {
    unsigned leaf = 0;
    unsigned subleaf = 0;
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
};

/// What the CPUID instruction itself says, firmware's and the kernel's opinion left out. x86 only.
struct CpuidFacts {
    bool vmx = false;
    bool svm = false;
    bool hypervisor = false;             ///< We run on somebody's virtual CPU.
    std::string signature = {};          ///< Leaf 0x40000000, asked only where `hypervisor` is set: "KVMKVMKVM".
    std::vector<CpuidLeaf> leaves = {};  ///< Raw, for recordings; none where nobody asked for them.
};

/// The text of /proc/cpuinfo in, the first CPU out; also the shapes of Arm, POWER, s390x and RISC-V.
CpuFacts parse_cpuinfo(std::string_view text);

/// The machine name that `uname -m` would give, judged by the shape of /proc/cpuinfo; empty: it cannot be told.
std::string arch_of_cpuinfo(std::string_view text);

/// Whether this is the 32 or 64 bit PC architecture.
bool is_x86(std::string_view arch) noexcept;

}  // namespace kvmkit
