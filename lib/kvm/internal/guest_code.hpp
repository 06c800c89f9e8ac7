// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace kvmkit::kvm {

/// The bytes of one piece of guest/*.S. Position-independent; what each one does stands there.
using GuestCode = std::span<const std::byte>;

/// Whether this build holds guest code: 64 bit x86 only so far.
#if defined(__x86_64__)
constexpr bool has_guest_code = true;
#else
constexpr bool has_guest_code = false;
#endif

/// Empty where has_guest_code is false.
GuestCode real_mode_code() noexcept;
GuestCode long_mode_code() noexcept;
GuestCode loop_code() noexcept;
GuestCode exits_code() noexcept;
GuestCode spin_code() noexcept;
GuestCode fault_code() noexcept;
GuestCode svm_code() noexcept;
GuestCode svm_inner_code() noexcept;
GuestCode vmx_code() noexcept;
GuestCode vmx_inner_code() noexcept;

}  // namespace kvmkit::kvm
