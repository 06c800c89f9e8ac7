// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/answers.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

using Words = std::vector<std::string>;

TEST(DomainCapabilities, TellTypeCpuModesAndFirmware)
{
    const auto type = parse_domain_capabilities("kvm", R"(<domainCapabilities><domain>kvm</domain>
        <os supported='yes'><enum name='firmware'><value>bios</value><value>efi</value></enum></os>
        <cpu><mode name='host-passthrough' supported='yes'/><mode name='maximum' supported='no'/>
        <mode name='custom' supported='yes'><model>qemu64</model></mode></cpu></domainCapabilities>)");
    EXPECT_TRUE(type.usable);
    EXPECT_EQ(type.problem, "");
    EXPECT_EQ(type.cpu_modes, (Words{"host-passthrough", "custom"}));
    EXPECT_EQ(type.firmware, (Words{"bios", "efi"}));
}

TEST(DomainCapabilities, OfAnotherTypeOrNoneAreNotUsable)
{
    for (const auto* xml : {"", "<", "<a/>", "<domainCapabilities><domain>qemu</domain></domainCapabilities>"}) {
        const auto type = parse_domain_capabilities("kvm", xml);
        EXPECT_FALSE(type.usable) << xml;
        EXPECT_FALSE(type.problem.empty()) << xml;
    }
}

}  // namespace
}  // namespace kvmkit::virt
