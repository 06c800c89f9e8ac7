// SPDX-License-Identifier: Apache-2.0
#include "facts/underlay_machine.hpp"
#include "probe/underlay.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

UnderlayFacts identified(const UnderlaySources& sources)
{
    const auto found = identify_underlay(sources);
    EXPECT_TRUE(found && *found);
    return found && *found ? **found : UnderlayFacts{};
}

UnderlaySources x86(std::set<std::string, std::less<>> flags, std::vector<PciId> pci)
{
    UnderlaySources sources;
    sources.cpu = std::optional{CpuFacts{"GenuineIntel", "Core", std::move(flags)}};
    sources.pci = std::move(pci);
    return sources;
}

UnderlaySources sysinfo(std::string text)
{
    UnderlaySources sources;
    sources.sysinfo = std::optional{std::move(text)};
    return sources;
}

UnderlaySources power(std::string platform, std::string machine)
{
    UnderlaySources sources;
    sources.cpu = std::optional{CpuFacts{"", "POWER9", {}, std::move(platform), std::move(machine)}};
    return sources;
}

TEST(UnderlayByPci, NamesAGuestWhoseCpuDoesNot)
{
    const auto found = identified(x86({"fpu", "lm"}, {{0x8086, 0x1237}, {0x15ad, 0x0405}, {0x80ee, 0xcafe}}));
    EXPECT_EQ(found.kind, Underlay::virtualbox);  // its display may be VMware's
    EXPECT_EQ(found.evidence, "a PCI device is 80ee:cafe");
    EXPECT_EQ(identified(x86({"fpu", "hypervisor"}, {{0x15ad, 0x0740}})).kind, Underlay::vmware);
    EXPECT_EQ(identified(x86({"fpu", "hypervisor"}, {{0x5853, 0x0001}})).kind, Underlay::xen_guest);
    EXPECT_EQ(identified(x86({"fpu", "hypervisor"}, {{0x1414, 0x5353}})).kind, Underlay::hyperv);
    EXPECT_EQ(identified(x86({"fpu", "hypervisor"}, {{0x1b36, 0x000d}})).kind, Underlay::kvm);
}

TEST(UnderlayByPci, IsBelowEveryOtherWitness)
{
    auto sources = x86({"fpu"}, {{0x80ee, 0xbeef}});
    sources.cpuid = std::optional{CpuidFacts{.hypervisor = false}};
    EXPECT_EQ(identified(sources).kind, Underlay::hardware);
    sources.cpuid = std::optional{CpuidFacts{.hypervisor = true, .signature = "KVMKVMKVM"}};
    EXPECT_EQ(identified(sources).kind, Underlay::kvm);
    sources.dmi = std::optional{DmiFacts{"VMware, Inc.", "VMware7,1", ""}};
    EXPECT_EQ(identified(sources).kind, Underlay::vmware);
}

TEST(UnderlayByPci, TakesVirtioForNoProof)
{
    EXPECT_EQ(identified(x86({"fpu"}, {{0x1af4, 0x1000}})).kind, Underlay::hardware);
    const auto found = identified(x86({"fpu", "hypervisor"}, {{0x1af4, 0x1000}}));
    EXPECT_EQ(found.kind, Underlay::unidentified);
    EXPECT_EQ(found.evidence, "a PCI device is 1af4:1000");
}

TEST(PciDevices, AreReadFromProcAndSysfs)
{
    const auto listed =
        parse_pci_devices("0000\t80861237\t0\n0010\t80eebeef\tb\tf0000008\nnonsense\n0020 80eeXXXX\n\n00");
    ASSERT_EQ(listed.size(), 2U);
    EXPECT_EQ(listed[1].vendor, 0x80eeU);
    EXPECT_EQ(listed[1].device, 0xbeefU);
    EXPECT_EQ(parse_pci_id("0x1af4\n", "0x1000\n")->vendor, 0x1af4U);
    EXPECT_FALSE(parse_pci_id("1af4", "0x1000"));
    EXPECT_FALSE(parse_pci_id("0x", "0x1000"));
    EXPECT_FALSE(parse_pci_id("0x1af41af4", "0x1000"));
    const testing::TemporaryFolder folder;
    folder.write("sys/bus/pci/devices/0000:00:02.0/vendor", "0x80ee\n");
    folder.write("sys/bus/pci/devices/0000:00:02.0/device", "0xbeef\n");
    folder.write("sys/bus/pci/devices/0000:00:03.0/vendor", "0x8086\n");
    EXPECT_EQ(read_underlay(Root::open(folder.path()).value()).pci.size(), 1U);
    folder.write("proc/bus/pci/devices", "0000\t80861237\t0\n0008\t80867000\t0\n");
    EXPECT_EQ(read_underlay(Root::open(folder.path()).value()).pci.size(), 2U);
}

TEST(UnderlayOfIbmZ, IsWhatLiesNearest)
{
    const auto chain =
        identified(sysinfo("LPAR Number:   6\n\nVM00 Name: GUEST\nVM00 Control Program: KVM/Linux   \n"
                           "VM01 Control Program: z/VM    6.1.0\n"));
    EXPECT_EQ(chain.kind, Underlay::kvm);
    EXPECT_EQ(chain.evidence, "/proc/sysinfo says 'KVM/Linux'");
    EXPECT_EQ(level_of(chain), 2U);
    EXPECT_EQ(identified(sysinfo("VM00 Control Program: z/VM    7.2.0\n")).kind, Underlay::zvm);
    const auto partition = identified(sysinfo("LPAR Number:          5\nLPAR Name: X\n"));
    EXPECT_EQ(partition.kind, Underlay::prsm);
    EXPECT_EQ(level_of(partition), 0U);
    EXPECT_FALSE(*identify_underlay(sysinfo("Manufacturer: IBM\n")));
    EXPECT_FALSE(*identify_underlay(sysinfo("VM00 Control Program:\nVM")));
}

TEST(UnderlayOfIbmZ, IsStillToldByARedactedSysinfo)
{
    EXPECT_EQ(nameless_sysinfo("Type: 2817\nSequence Code: 00EAA14\nLPAR Number: 6\nLPAR Name: R25\n"
                               "VM00 Name: SECRET\nVM00 Control Program: KVM/Linux\n"),
              "Type: 2817\nLPAR Number: 6\nVM00 Control Program: KVM/Linux\n");
}

TEST(UnderlayOfPower, IsToldByThePlatform)
{
    EXPECT_EQ(identified(power("PowerNV", "PowerNV 8247-22L")).kind, Underlay::hardware);
    EXPECT_EQ(identified(power("pSeries", "CHRP IBM pSeries (emulated by qemu)")).kind, Underlay::kvm);
    EXPECT_EQ(identified(power("pSeries", "CHRP IBM,8231-E2B")).kind, Underlay::powervm);
    EXPECT_FALSE(*identify_underlay(power("PowerMac", "PowerMac10,1")));
    UnderlaySources tree;
    tree.lpar = true;
    EXPECT_EQ(identified(tree).kind, Underlay::powervm);
    tree.tree_hypervisor = std::optional<std::string>{std::string{"linux,kvm\0", 10}};
    EXPECT_EQ(identified(tree).kind, Underlay::kvm);
}

TEST(UnderlayOfRareKinds, HasItsSignatureOrName)
{
    UnderlaySources sources;
    sources.cpuid = std::optional{CpuidFacts{.hypervisor = true, .signature = "bhyve bhyve "}};
    EXPECT_EQ(identified(sources).kind, Underlay::bhyve);
    sources.cpuid = std::optional{CpuidFacts{.hypervisor = true, .signature = "OpenBSDVMM58"}};
    EXPECT_EQ(identified(sources).kind, Underlay::openbsd_vmm);
    sources.dmi = std::optional{DmiFacts{"Apple Inc.", "Apple Virtualization Generic Platform", ""}};
    EXPECT_EQ(identified(sources).kind, Underlay::apple);
    UnderlaySources uml;
    uml.cpu = std::optional{CpuFacts{"User Mode Linux", "UML", {}}};
    EXPECT_EQ(identified(uml).kind, Underlay::uml);
}

TEST(UnderlayOfQemusCpus, IsTheirNameUnlessTheCpuIsKnownToBeReal)
{
    auto sources = x86({"fpu", "vmx"}, {});
    (*sources.cpu)->model = "QEMU Virtual CPU version 1.5.3";
    EXPECT_EQ(identified(sources).kind, Underlay::kvm);
    sources.cpuid = std::optional{CpuidFacts{.hypervisor = false}};
    EXPECT_EQ(identified(sources).kind, Underlay::hardware);
}

TEST(Clouds, AreNamedByDmi)
{
    EXPECT_EQ(cloud_of({"Hetzner", "vServer", ""}), "Hetzner Cloud");
    EXPECT_EQ(cloud_of({"Microsoft Corporation", "Virtual Machine", "7783-7084-3265-9085-8269-3286-77"}),
              "Microsoft Azure");
    EXPECT_EQ(cloud_of({.vendor = "Xen", .product = "HVM domU", .asset_tag = "", .version = "4.2.amazon"}),
              "Amazon EC2");
    EXPECT_EQ(cloud_of({"Dell Inc.", "OptiPlex", ""}), "");
    EXPECT_EQ(cloud_of({}), "");
}

}  // namespace
}  // namespace kvmkit
