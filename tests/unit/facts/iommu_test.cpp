// SPDX-License-Identifier: Apache-2.0
#include "facts/iommu.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Iommu, IsDescribedByFourTables)
{
    for (const auto* table : {"DMAR", "IVRS", "IORT", "VIOT"}) {
        EXPECT_TRUE(describes_iommu(table)) << table;
    }
    for (const auto* table : {"", "APIC", "DMAR1", "data"}) {
        EXPECT_FALSE(describes_iommu(table)) << table;
    }
}

TEST(Iommu, HasGroupsThatAreNumbers)
{
    EXPECT_TRUE(is_group_name("0"));
    EXPECT_TRUE(is_group_name("127"));
    EXPECT_FALSE(is_group_name(""));
    EXPECT_FALSE(is_group_name("1a"));
    EXPECT_FALSE(is_group_name("99999999999999999999"));
}

TEST(Interrupts, AreLookedAtWhileTheirNumberIsLow)
{
    EXPECT_TRUE(is_first_interrupt("9"));
    EXPECT_FALSE(is_first_interrupt("64"));
    EXPECT_FALSE(is_first_interrupt("x"));
}

TEST(ModuleLines, AreThoseOfTheNamedModules)
{
    EXPECT_EQ(module_lines("kernel/drivers/vfio/vfio.ko:\nkernel/drivers/net/tun.ko: kernel/drivers/vfio/vfio.ko\n"
                           "kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko\n\n",
                           "vfio"),
              "kernel/drivers/vfio/vfio.ko:\n"
              "kernel/drivers/vfio/pci/vfio-pci.ko.xz: kernel/drivers/vfio/vfio.ko\n");
    EXPECT_EQ(module_lines("", "vfio"), "");
}

}  // namespace
}  // namespace kvmkit
