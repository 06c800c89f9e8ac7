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
extern const std::byte kvmkit_guest_exits[];
extern const std::byte kvmkit_guest_exits_end[];
extern const std::byte kvmkit_guest_spin[];
extern const std::byte kvmkit_guest_spin_end[];
extern const std::byte kvmkit_guest_faults[];
extern const std::byte kvmkit_guest_faults_end[];
extern const std::byte kvmkit_guest_svm[];
extern const std::byte kvmkit_guest_svm_end[];
extern const std::byte kvmkit_guest_svm_inner[];
extern const std::byte kvmkit_guest_svm_inner_end[];
extern const std::byte kvmkit_guest_vmx[];
extern const std::byte kvmkit_guest_vmx_end[];
extern const std::byte kvmkit_guest_vmx_inner[];
extern const std::byte kvmkit_guest_vmx_inner_end[];
// NOLINTEND(cppcoreguidelines-avoid-c-arrays)
}

#define PIECE(name)                                            \
    {                                                          \
        &kvmkit_guest_##name[0], &kvmkit_guest_##name##_end[0] \
    }
#else
#define PIECE(name) \
    {               \
    }
#endif

namespace kvmkit::kvm {

GuestCode real_mode_code() noexcept
{
    return PIECE(real);
}

GuestCode long_mode_code() noexcept
{
    return PIECE(long);
}

GuestCode loop_code() noexcept
{
    return PIECE(loop);
}

GuestCode exits_code() noexcept
{
    return PIECE(exits);
}

GuestCode spin_code() noexcept
{
    return PIECE(spin);
}

GuestCode fault_code() noexcept
{
    return PIECE(faults);
}

GuestCode svm_code() noexcept
{
    return PIECE(svm);
}

GuestCode svm_inner_code() noexcept
{
    return PIECE(svm_inner);
}

GuestCode vmx_code() noexcept
{
    return PIECE(vmx);
}

GuestCode vmx_inner_code() noexcept
{
    return PIECE(vmx_inner);
}

}  // namespace kvmkit::kvm
