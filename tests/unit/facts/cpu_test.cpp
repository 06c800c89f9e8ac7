// SPDX-License-Identifier: Apache-2.0
#include "facts/cpu.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

constexpr std::string_view intel =
    "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz\n"
    "flags\t\t: fpu vmx lm sse\n\nprocessor\t: 1\nvendor_id\t: GenuineIntel\nflags\t\t: fpu lm\n";
constexpr std::string_view arm =
    "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd08\n";
constexpr std::string_view power = "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n\nplatform\t: PowerNV\n";
constexpr std::string_view s390 = "vendor_id       : IBM/S390\n# processors    : 2\nfeatures\t: esan3 zarch sie\n";
constexpr std::string_view riscv = "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdch\nuarch\t\t: sifive,u74-mc\n";

TEST(Cpuinfo, ReadsTheFirstCpu)
{
    const CpuFacts cpu = parse_cpuinfo(intel);
    EXPECT_EQ(cpu.vendor, "GenuineIntel");
    EXPECT_EQ(cpu.model, "Intel(R) Core(TM) i7-8700 CPU @ 3.20GHz");
    EXPECT_EQ(cpu.flags, (std::set<std::string, std::less<>>{"fpu", "lm", "sse", "vmx"}));
    EXPECT_EQ(virt_flag(cpu), VirtFlag::vmx);
}

TEST(Cpuinfo, FindsAFlagOnlyAsAWholeWord)
{
    EXPECT_EQ(virt_flag(parse_cpuinfo("flags : fpu svm_lock vmx_x nosvm\n")), VirtFlag::none);
    EXPECT_EQ(virt_flag(parse_cpuinfo("flags : svm\n")), VirtFlag::svm);
}

TEST(Cpuinfo, ReadsOtherArchitectures)
{
    EXPECT_EQ(parse_cpuinfo(arm).vendor, "0x41");
    EXPECT_TRUE(parse_cpuinfo(arm).has_flag("asimd"));
    EXPECT_EQ(parse_cpuinfo(power).model, "POWER9, altivec supported");
    EXPECT_TRUE(parse_cpuinfo(s390).has_flag("sie"));
    EXPECT_EQ(parse_cpuinfo(riscv).model, "sifive,u74-mc");
}

TEST(Cpuinfo, ToleratesAnything)
{
    for (const std::string_view text : {"", "\n\n", ":", "flags", "flags:", ":::\n:", "\xff\xfe\0x"}) {
        EXPECT_TRUE(parse_cpuinfo(text).vendor.empty());
        EXPECT_EQ(arch_of_cpuinfo(text), "");
    }
}

TEST(Cpuinfo, ShowsTheArchitectureByItsShape)
{
    EXPECT_EQ(arch_of_cpuinfo(intel), "x86_64");
    EXPECT_EQ(arch_of_cpuinfo("flags : fpu\n"), "i686");
    EXPECT_EQ(arch_of_cpuinfo(arm), "aarch64");
    EXPECT_EQ(arch_of_cpuinfo("CPU implementer : 0x41\nCPU architecture: 7\n"), "armv7l");
    EXPECT_EQ(arch_of_cpuinfo(power), "ppc64");
    EXPECT_EQ(arch_of_cpuinfo(s390), "s390x");
    EXPECT_EQ(arch_of_cpuinfo(riscv), "riscv64");
    EXPECT_TRUE(is_x86("x86_64") && is_x86("i686") && is_x86("i386"));
    EXPECT_FALSE(is_x86("aarch64") || is_x86("") || is_x86("ia64"));
}

TEST(VirtFlags, OfOtherArchitecturesHaveNamesOfTheirOwn)
{
    const auto flag = [](const char* text) { return word(virt_flag(parse_cpuinfo(text))); };
    EXPECT_EQ(flag("vendor_id : IBM/S390\nfeatures : esan3 zarch sie\n"), "sie");
    EXPECT_EQ(flag("Model Name : Loongson-3A5000\nFeatures : cpucfg lam lvz\n"), "lvz");
    EXPECT_EQ(flag("isa : rv64imafdch_zicsr\n"), "h");
    EXPECT_EQ(flag("isa : rv64imafdc_zicbom_zihpm\n"), "none") << "its h is of a longer name";
    EXPECT_EQ(flag("isa : rv64imafdch\n"), "h");
}

}  // namespace
}  // namespace kvmkit
