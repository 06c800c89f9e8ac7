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

constexpr unsigned hypervisor_bit = 31;  // of leaf 1, ECX

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

std::vector<CpuidLeaf> raw_cpuid()
{
    constexpr std::array basic{
        0x0U, 0x1U, 0x7U, 0x80000000U, 0x80000001U, 0x80000007U, 0x80000008U, 0x8000000aU, 0x8000001fU};
    constexpr std::array below{0x40000000U, 0x40000001U, 0x40000003U, 0x40000100U};
    std::vector<CpuidLeaf> leaves;
    for (const unsigned number : basic) {
        CpuidLeaf raw{.leaf = number};
        if (__get_cpuid_count(number, 0, &raw.eax, &raw.ebx, &raw.ecx, &raw.edx) != 0) {
            leaves.push_back(raw);
        }
    }
    const bool is_virtual = ((leaf(1).ecx >> hypervisor_bit) & 1U) != 0;
    for (const unsigned number : below) {
        CpuidLeaf raw{.leaf = number};
        if (is_virtual) {
            __cpuid_count(number, 0, raw.eax, raw.ebx, raw.ecx, raw.edx);
            leaves.push_back(raw);
        }
    }
    return leaves;
}
#else
std::vector<CpuidLeaf> raw_cpuid()
{
    return {};
}

Fact<CpuidFacts> read_cpuid()
{
    return std::optional<CpuidFacts>{};
}
#endif

}  // namespace kvmkit
