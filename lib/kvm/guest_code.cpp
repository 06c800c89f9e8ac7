// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/guest_code.hpp"

#if defined(__x86_64__)
extern "C" {
// NOLINTBEGIN(cppcoreguidelines-avoid-c-arrays): symbols of the assembler
extern const std::byte kvmkit_guest_real[];
extern const std::byte kvmkit_guest_real_end[];
extern const std::byte kvmkit_guest_long[];
extern const std::byte kvmkit_guest_long_end[];
extern const std::byte kvmkit_guest_loop[];
extern const std::byte kvmkit_guest_loop_end[];
extern const std::byte kvmkit_guest_spin[];
extern const std::byte kvmkit_guest_spin_end[];
extern const std::byte kvmkit_guest_faults[];
extern const std::byte kvmkit_guest_faults_end[];
// NOLINTEND(cppcoreguidelines-avoid-c-arrays)
}

namespace kvmkit::kvm {

GuestCode real_mode_code() noexcept
{
    return {&kvmkit_guest_real[0], &kvmkit_guest_real_end[0]};
}

GuestCode long_mode_code() noexcept
{
    return {&kvmkit_guest_long[0], &kvmkit_guest_long_end[0]};
}

GuestCode loop_code() noexcept
{
    return {&kvmkit_guest_loop[0], &kvmkit_guest_loop_end[0]};
}

GuestCode spin_code() noexcept
{
    return {&kvmkit_guest_spin[0], &kvmkit_guest_spin_end[0]};
}

GuestCode fault_code() noexcept
{
    return {&kvmkit_guest_faults[0], &kvmkit_guest_faults_end[0]};
}

}  // namespace kvmkit::kvm
#else
namespace kvmkit::kvm {

GuestCode real_mode_code() noexcept
{
    return {};
}

GuestCode long_mode_code() noexcept
{
    return {};
}

GuestCode loop_code() noexcept
{
    return {};
}

GuestCode spin_code() noexcept
{
    return {};
}

GuestCode fault_code() noexcept
{
    return {};
}

}  // namespace kvmkit::kvm
#endif
