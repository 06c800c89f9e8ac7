// SPDX-License-Identifier: Apache-2.0
#include "probe/cpuid.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace kvmkit {

#if defined(__x86_64__) || defined(__i386__)
namespace {

struct Leaf {
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
};

/// All zero where the CPU has no such leaf.
Leaf leaf(unsigned number)
{
    Leaf found;
    if (__get_cpuid(number, &found.eax, &found.ebx, &found.ecx, &found.edx) == 0) {
        return {};
    }
    return found;
}

/// Leaf 0x40000000 lies outside the range that __get_cpuid knows, so the instruction is used as it is.
std::string hypervisor_signature()
{
    constexpr unsigned hypervisor_leaf = 0x40000000;
    Leaf found;
    __cpuid(hypervisor_leaf, found.eax, found.ebx, found.ecx, found.edx);
    std::array<char, 13> text{};
    std::memcpy(text.data(), &found.ebx, 4);
    std::memcpy(text.data() + 4, &found.ecx, 4);
    std::memcpy(text.data() + 8, &found.edx, 4);
    return text.data();
}

}  // namespace

Fact<CpuidFacts> read_cpuid()
{
    constexpr unsigned extended = 0x80000001;
    constexpr unsigned vmx_bit = 5;
    constexpr unsigned svm_bit = 2;
    constexpr unsigned hypervisor_bit = 31;
    const unsigned features = leaf(1).ecx;
    CpuidFacts facts;
    facts.vmx = ((features >> vmx_bit) & 1U) != 0;
    facts.svm = ((leaf(extended).ecx >> svm_bit) & 1U) != 0;
    facts.hypervisor = ((features >> hypervisor_bit) & 1U) != 0;
    if (facts.hypervisor) {
        facts.signature = hypervisor_signature();
    }
    return std::optional{facts};
}
#else
Fact<CpuidFacts> read_cpuid()
{
    return std::optional<CpuidFacts>{};
}
#endif

}  // namespace kvmkit
