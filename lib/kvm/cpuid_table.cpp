// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/cpuid_table.hpp"

#if defined(__x86_64__)
#include <sys/ioctl.h>

#include <algorithm>
#include <span>

namespace kvmkit::kvm {
namespace {

struct CpuidHead {
    std::uint32_t count;
    std::uint32_t padding;
};
constexpr unsigned long get_supported_cpuid = _IOWR(KVMIO, 0x05, CpuidHead);
constexpr unsigned long set_cpuid = _IOW(KVMIO, 0x90, CpuidHead);

}  // namespace

const struct kvm_cpuid_entry2* CpuidTable::find(std::uint32_t leaf, std::uint32_t index) const noexcept
{
    const auto used = std::span{entries}.first(std::min<std::size_t>(count, entries.size()));
    const auto found = std::ranges::find_if(used, [leaf, index](const struct kvm_cpuid_entry2& entry) {
        const bool has_subleaves = (entry.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0;
        return entry.function == leaf && (!has_subleaves || entry.index == index);
    });
    return found == used.end() ? nullptr : &*found;
}

bool read_supported_cpuid(int device, CpuidTable& table) noexcept
{
    table.count = static_cast<std::uint32_t>(table.entries.size());
    return ::ioctl(device, get_supported_cpuid, &table) == 0;
}

bool give_supported_cpuid(int device, int vcpu) noexcept
{
    static CpuidTable supported;  // 10 KiB, kept off the stack
    return read_supported_cpuid(device, supported) && ::ioctl(vcpu, set_cpuid, &supported) == 0;
}

}  // namespace kvmkit::kvm
#endif
