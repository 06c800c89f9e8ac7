// SPDX-License-Identifier: Apache-2.0
#include "kvm/capabilities.hpp"

#include "kvm/internal/capabilities.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>

#include <linux/kvm.h>

namespace kvmkit::kvm {
namespace {

struct Wanted {
    int number;
    const char* name;
};

/// Without one of these QEMU ends, or guests are slow. All are older than Linux 4.12.
constexpr std::array wanted
{
    Wanted{KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
        Wanted{KVM_CAP_DESTROY_MEMORY_REGION_WORKS, "KVM_CAP_DESTROY_MEMORY_REGION_WORKS"},
        Wanted{KVM_CAP_JOIN_MEMORY_REGIONS_WORKS, "KVM_CAP_JOIN_MEMORY_REGIONS_WORKS"},
        Wanted{KVM_CAP_IOEVENTFD, "KVM_CAP_IOEVENTFD"}, Wanted{KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
#if defined(__x86_64__) || defined(__i386__)
        Wanted{KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"}, Wanted{KVM_CAP_IRQFD, "KVM_CAP_IRQFD"},
        Wanted{KVM_CAP_EXT_CPUID, "KVM_CAP_EXT_CPUID"}, Wanted{KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE"},
        Wanted{KVM_CAP_SET_TSS_ADDR, "KVM_CAP_SET_TSS_ADDR"},
#endif
};

/// KVM_CAP_BINARY_STATS_FD, which headers before Linux 5.14 do not know.
constexpr int capability_of_stats = 203;

}  // namespace

Capabilities ask_capabilities(int device) noexcept
{
    const auto ask = [device](int capability) { return ::ioctl(device, KVM_CHECK_EXTENSION, capability); };
    Capabilities told{.asked = 1};
    told.recommended_vcpus = std::max(ask(KVM_CAP_NR_VCPUS), 0);
    told.max_vcpus = std::max(ask(KVM_CAP_MAX_VCPUS), told.recommended_vcpus);
    told.binary_stats = ask(capability_of_stats) > 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        told.missing |= ask(wanted.at(i).number) > 0 ? 0U : 1U << i;
    }
    return told;
}

std::vector<std::string> missing_capabilities(const Capabilities& capabilities)
{
    std::vector<std::string> names;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if ((capabilities.missing >> i & 1U) != 0) {
            names.emplace_back(wanted.at(i).name);
        }
    }
    return names;
}

}  // namespace kvmkit::kvm
