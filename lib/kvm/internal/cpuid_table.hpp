// SPDX-License-Identifier: Apache-2.0
#pragma once

#if defined(__x86_64__)
#include <array>
#include <cstdint>

#include <linux/kvm.h>

namespace kvmkit::kvm {

/// struct kvm_cpuid2 with room for its entries. Written out because the kernel's flexible array is preceded by an empty
/// struct, which has no size in C but has one in C++ (seen with Linux 6.1's headers): struct and request would be
/// wrong.
struct CpuidTable {
    std::uint32_t count;
    std::uint32_t padding;
    std::array<struct kvm_cpuid_entry2, 256> entries;

    /// One leaf; null if KVM does not support it. `index` counts only for leaves that have subleaves.
    [[nodiscard]] const struct kvm_cpuid_entry2* find(std::uint32_t leaf, std::uint32_t index = 0) const noexcept;
};

/// What KVM offers its guests (KVM_GET_SUPPORTED_CPUID); false with errno set if it does not tell.
bool read_supported_cpuid(int device, CpuidTable& table) noexcept;

/// Gives the vCPU all that KVM supports. Before the registers are set: some kernels refuse long mode to a vCPU whose
/// CPUID does not offer it.
bool give_supported_cpuid(int device, int vcpu) noexcept;

}  // namespace kvmkit::kvm
#endif
