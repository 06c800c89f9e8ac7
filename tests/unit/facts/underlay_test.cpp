// SPDX-License-Identifier: Apache-2.0
#include "facts/underlay.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

Underlay kind(const UnderlaySources& sources)
{
    const auto found = identify_underlay(sources);
    EXPECT_TRUE(found && *found);
    return found && *found ? (*found)->kind : Underlay::unidentified;
}

UnderlaySources dmi(std::string vendor, std::string product, std::string tag = "")
{
    UnderlaySources sources;
    sources.dmi = std::optional<DmiFacts>{{std::move(vendor), std::move(product), std::move(tag)}};
    sources.cpuid = std::optional<CpuidFacts>{CpuidFacts{}};
    return sources;
}

UnderlaySources signature(std::string text)
{
    UnderlaySources sources;
    sources.cpuid = std::optional<CpuidFacts>{{.hypervisor = true, .signature = std::move(text)}};
    return sources;
}

TEST(UnderlayKind, IsNamedByDmi)
{
    EXPECT_EQ(kind(dmi("VMware, Inc.", "VMware20,1")), Underlay::vmware);
    EXPECT_EQ(kind(dmi("innotek GmbH", "VirtualBox")), Underlay::virtualbox);
    EXPECT_EQ(kind(dmi("QEMU", "Standard PC (Q35 + ICH9, 2009)")), Underlay::kvm);
    EXPECT_EQ(kind(dmi("Google", "Google Compute Engine")), Underlay::google);
    EXPECT_EQ(kind(dmi("Microsoft Corporation", "Virtual Machine")), Underlay::hyperv);
    EXPECT_EQ(kind(dmi("Microsoft Corporation", "Virtual Machine", "7783-7084-3265-9085-8269-3286-77")),
              Underlay::azure);
}

TEST(UnderlayKind, IsNotFooledByVendorsThatAlsoBuildMachines)
{
    EXPECT_EQ(kind(dmi("Microsoft Corporation", "Surface Laptop 4")), Underlay::hardware);
    EXPECT_EQ(kind(dmi("Oracle Corporation", "ORACLE SERVER X8-2L")), Underlay::hardware);
    EXPECT_EQ(kind(dmi("Amazon EC2", "c5.metal")), Underlay::hardware);
    EXPECT_EQ(kind(dmi("Amazon EC2", "c5.large")), Underlay::amazon);
}

TEST(UnderlayKind, IsNamedByTheCpuWhereThereIsNoDmi)
{
    EXPECT_EQ(kind(signature("KVMKVMKVM")), Underlay::kvm);
    EXPECT_EQ(kind(signature("VMwareVMware")), Underlay::vmware);
    EXPECT_EQ(kind(signature("Nobody")), Underlay::unidentified);
}

TEST(UnderlayKind, IsTcgWhateverDmiSays)
{
    auto sources = signature("TCGTCGTCGTCG");
    sources.dmi = std::optional<DmiFacts>{{"QEMU", "Standard PC", ""}};
    EXPECT_EQ(kind(sources), Underlay::tcg);
}

TEST(UnderlayKind, IsBochsOnlyWhereTheCpuDoesNotSayBetter)
{
    auto sources = dmi("Bochs", "Bochs");
    EXPECT_EQ(kind(sources), Underlay::unidentified);
    EXPECT_EQ((*identify_underlay(sources))->evidence, "DMI says 'Bochs', 'Bochs'");
    sources.dmi =
        std::optional<DmiFacts>{{.vendor = "", .product = "", .asset_tag = "", .bios_vendor = "The Bochs Project"}};
    EXPECT_EQ(kind(sources), Underlay::unidentified);
    EXPECT_EQ((*identify_underlay(sources))->evidence, "DMI says that the firmware is of 'The Bochs Project'");
    sources.cpuid = signature("KVMKVMKVM").cpuid;
    EXPECT_EQ(kind(sources), Underlay::kvm) << "old firmware of QEMU calls itself so";
}

TEST(UnderlayKind, TellsXensControlDomainFromItsGuests)
{
    UnderlaySources sources;
    sources.hypervisor_type = std::optional<std::string>{"xen\n"};
    EXPECT_EQ(kind(sources), Underlay::xen_guest);
    sources.xen_capabilities = std::optional<std::string>{"control_d\n"};
    EXPECT_EQ(kind(sources), Underlay::xen_dom0);
}

TEST(UnderlayKind, IsWslByItsKernel)
{
    auto sources = signature("Microsoft Hv");
    sources.kernel_release = std::optional<std::string>{"5.15.153.1-microsoft-standard-WSL2\n"};
    EXPECT_EQ(kind(sources), Underlay::wsl);
}

TEST(UnderlayKind, FollowsTheHypervisorFlagOfARecordedCpu)
{
    UnderlaySources sources;
    sources.cpu = std::optional<CpuFacts>{{.vendor = "", .model = "", .flags = {"fpu", "hypervisor"}}};
    EXPECT_EQ(kind(sources), Underlay::unidentified);
    sources.cpu = std::optional<CpuFacts>{{.vendor = "", .model = "", .flags = {"fpu"}}};
    EXPECT_EQ(kind(sources), Underlay::hardware);
}

TEST(UnderlayKind, IsAbsentWhereNothingTells)
{
    const auto found = identify_underlay({});
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
}

}  // namespace
}  // namespace kvmkit
