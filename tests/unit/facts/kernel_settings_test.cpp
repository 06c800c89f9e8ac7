// SPDX-License-Identifier: Apache-2.0
#include "facts/kernel_settings.hpp"
#include "facts/cpu_details.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Modprobe, RulesKeepModulesOut)
{
    const auto* text =
        "# blacklist kvm\nblacklist kvm-intel\ninstall kvm_amd /bin/false\ninstall kvm /sbin/modprobe -i kvm\n"
        "options kvm_intel nested=1\nblacklist floppy\nblacklist\n";
    const auto rules = parse_modprobe(text, "kvm");
    ASSERT_EQ(rules.size(), 2U);
    EXPECT_EQ(rules[0].module, "kvm_intel");
    EXPECT_FALSE(rules[0].forbids);
    EXPECT_EQ(rules[1].module, "kvm_amd");
    EXPECT_TRUE(rules[1].forbids);
    EXPECT_EQ(modprobe_lines(text, "kvm"), "blacklist kvm-intel\ninstall kvm_amd /bin/false\n");
}

TEST(CommandLine, GivesTheLastWordOfAKey)
{
    const auto* line = "root=/dev/vda1 intel_iommu=off quiet intel-iommu=on -- iommu=off\n";
    EXPECT_EQ(command_line_word(line, "intel_iommu"), "intel-iommu=on");
    EXPECT_EQ(command_line_word(line, "quiet"), "quiet");
    EXPECT_FALSE(command_line_word(line, "iommu"));
    EXPECT_FALSE(command_line_word("", "quiet"));
}

TEST(CpuDetails, TellCpusApart)
{
    const auto* text =
        "flags\t\t: fpu vmx ept\nvmx flags\t: ept vpid\naddress sizes\t: 46 bits physical, 48 bits virtual\n\n"
        "flags\t\t: fpu ept vmx\n\nflags\t\t: fpu avx512f\n";
    const auto details = parse_cpu_details(text);
    EXPECT_EQ(details.cpus, 3U);
    EXPECT_EQ(details.odd, 1U);  // the order of flags tells nothing
    EXPECT_EQ(details.uneven, (std::set<std::string, std::less<>>{"avx512f", "ept", "vmx"}));
    EXPECT_TRUE(details.vmx.contains("vpid"));
    EXPECT_EQ(details.physical_bits, 46U);
    EXPECT_EQ(details.virtual_bits, 48U);
}

TEST(CpuDetails, AreNoneInOtherTexts)
{
    for (const auto* text :
         {"", "flags", "address sizes : bits physical", "address sizes: x bits physical, y bits virtual"}) {
        const auto details = parse_cpu_details(text);
        EXPECT_EQ(details.cpus, 0U);
        EXPECT_FALSE(details.physical_bits);
    }
}

}  // namespace
}  // namespace kvmkit
