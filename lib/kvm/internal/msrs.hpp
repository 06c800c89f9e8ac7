// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kvm/internal/machine.hpp"
#include "kvm/proof.hpp"

#include <cstdint>
#include <optional>

namespace kvmkit::kvm {

/// A feature MSR as KVM offers it to guests (KVM_GET_MSRS on the device itself); absent where it does not know it.
/// Needs no root, unlike /dev/cpu/0/msr.
std::optional<std::uint64_t> feature_msr(int device, std::uint32_t index) noexcept;

/// Writes one MSR of a vCPU; false if KVM refuses.
bool write_msr(int vcpu, std::uint32_t index, std::uint64_t value) noexcept;

/// What QEMU does at every start: writes to a vCPU what KVM said of its MSRs. One that KVM advertises and then refuses
/// makes QEMU abort ("failed to set MSR"); it comes from a hypervisor below that offers what it cannot do.
MsrWriteback write_msrs_back(int device) noexcept;

}  // namespace kvmkit::kvm
