// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/offer.hpp"

#include "kvm/internal/cpuid_table.hpp"

#include <sys/ioctl.h>

#include <cerrno>

#include <linux/kvm.h>

namespace kvmkit::kvm {

#if defined(__x86_64__)
Offer ask_offer(int device) noexcept
{
    static CpuidTable cpuid;  // 10 KiB, kept off the stack
    Offer offer;
    if (!read_supported_cpuid(device, cpuid)) {
        offer.errnum = errno;
        return offer;
    }
    constexpr std::uint32_t amd_features = 0x80000001;
    constexpr std::uint32_t svm_features = 0x8000000a;
    const auto* features = cpuid.find(1);
    const auto* amd = cpuid.find(amd_features);
    const auto* svm = cpuid.find(svm_features);
    offer.vmx = features != nullptr && (features->ecx >> 5U & 1U) != 0;
    offer.svm = amd != nullptr && (amd->ecx >> 2U & 1U) != 0;
    offer.nested_paging = offer.svm && svm != nullptr && (svm->edx & 1U) != 0;
    offer.state_size = ::ioctl(device, KVM_CHECK_EXTENSION, KVM_CAP_NESTED_STATE);
    return offer;
}
#else
Offer ask_offer(int /*device*/) noexcept
{
    return {.errnum = ENOSYS};
}
#endif

}  // namespace kvmkit::kvm
