// SPDX-License-Identifier: Apache-2.0
#include "check/selection.hpp"
#include "support/healthy_host.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using Commands = std::vector<std::string>;

/// A host that was looked at, and whose firmware and kernel know no IOMMU.
HostFacts without_iommu()
{
    HostFacts host = healthy();
    host.resources.looked = true;
    host.iommu.tables = known(std::set<std::string>{"APIC", "FACP"});
    host.iommu.units = known(std::set<std::string>{});
    host.iommu.groups = known(std::size_t{0});
    host.iommu.vfio = ModuleState::loadable;
    host.kernel_settings.command_line = known<std::string>("root=/dev/vda1 quiet");
    return host;
}

HostFacts with_iommu()
{
    HostFacts host = without_iommu();
    host.iommu.tables = known(std::set<std::string>{"APIC", "DMAR"});
    host.iommu.units = known(std::set<std::string>{"dmar0", "dmar1"});
    host.iommu.groups = known(std::size_t{27});
    host.iommu.interrupt_chips = known(std::set<std::string>{"IR-IO-APIC", "IR-PCI-MSI"});
    return host;
}

/// The ids that a purpose requires.
CheckIds required_for(std::string_view purpose)
{
    CheckIds ids;
    for (const Profile& profile : profiles()) {
        if (profile.name == purpose) {
            ids.insert(profile.require.begin(), profile.require.end());
        }
    }
    return ids;
}

Finding for_passthrough(const HostFacts& host, std::string_view id)
{
    const auto all = catalogue();
    for (const auto& found : judge_selected(host, all, {.require = required_for("passthrough")}).findings) {
        if (found.check.id == id) {
            return found;
        }
    }
    ADD_FAILURE() << "no check " << id;
    return {};
}

Readiness verdict_for_passthrough(const HostFacts& host)
{
    return judge_selected(host, catalogue(), {.require = required_for("passthrough")}).verdict;
}

TEST(Iommu, IsNoNewsToWhoPassesNoDeviceThrough)
{
    for (const auto& host : {without_iommu(), healthy()}) {
        for (const auto* id : {"iommu.acpi", "iommu.enabled", "iommu.groups", "iommu.interrupt_remap"}) {
            EXPECT_EQ(finding(host, id).verdict.status, Status::skip) << id;
            EXPECT_FALSE(finding(host, id).verdict.remedy) << id;
        }
    }
    EXPECT_EQ(judge_selected(without_iommu(), catalogue(), {}).verdict, Readiness::ready);
}

TEST(Iommu, PassesWhereItWorks)
{
    for (const auto* id : {"iommu.acpi", "iommu.enabled", "iommu.groups", "iommu.interrupt_remap", "vfio.modules"}) {
        EXPECT_EQ(finding(with_iommu(), id).verdict.status, Status::pass) << id;
    }
    EXPECT_EQ(finding(with_iommu(), "iommu.enabled").verdict.evidence, "the kernel uses 2 IOMMU units (dmar0, dmar1)");
    EXPECT_EQ(verdict_for_passthrough(with_iommu()), Readiness::ready);
}

TEST(Passthrough, FailsOnceByTheFirmware)
{
    const auto root = for_passthrough(without_iommu(), "iommu.acpi");
    EXPECT_EQ(root.verdict.status, Status::fail);
    ASSERT_TRUE(root.verdict.remedy);
    EXPECT_EQ(root.verdict.remedy->where, Where::firmware);
    EXPECT_NE(root.verdict.remedy->summary.find("VT-d"), std::string::npos);
    for (const auto* id : {"iommu.enabled", "iommu.groups"}) {
        EXPECT_EQ(for_passthrough(without_iommu(), id).because, "iommu.acpi") << id;
    }
    EXPECT_EQ(verdict_for_passthrough(without_iommu()), Readiness::degraded);
}

TEST(Passthrough, NamesAmdsSettingOnAmdsCpus)
{
    HostFacts host = without_iommu();
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"svm", "npt"}});
    EXPECT_NE(for_passthrough(host, "iommu.acpi").verdict.remedy->summary.find("AMD-Vi"), std::string::npos);
}

TEST(Passthrough, AsksTheHypervisorInAGuest)
{
    HostFacts host = without_iommu();
    host.underlay = known(UnderlayFacts{Underlay::kvm, "CPUID"});
    EXPECT_EQ(for_passthrough(host, "iommu.acpi").verdict.remedy->where, Where::hypervisor);
}

TEST(Passthrough, AddsTheBootOptionAsTheDistributionDoes)
{
    HostFacts host = with_iommu();
    host.iommu.groups = known(std::size_t{0});
    const auto commands = [&host](const char* distribution) {
        host.distribution = known<std::string>(distribution);
        const auto found = for_passthrough(host, "iommu.enabled");
        EXPECT_EQ(found.verdict.status, Status::fail);
        return found.verdict.remedy ? found.verdict.remedy->commands : Commands{};
    };
    EXPECT_EQ(commands("debian"),
              (Commands{"mkdir -p /etc/default/grub.d",
                        "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX intel_iommu=on\"' "
                        ">/etc/default/grub.d/intel_iommu.cfg",
                        "update-grub",
                        "reboot"}));
    EXPECT_EQ(commands("fedora"), (Commands{"grubby --update-kernel=ALL --args=intel_iommu=on", "reboot"}));
    EXPECT_EQ(commands("opensuse-leap")[1], "grub2-mkconfig -o /boot/grub2/grub.cfg");
    EXPECT_EQ(commands("gentoo"), Commands{});
    EXPECT_EQ(for_passthrough(host, "iommu.groups").because, "iommu.enabled");
    for (const auto* transactional : {"opensuse-microos", "sle-micro", "sl-micro", "opensuse-aeon"}) {
        EXPECT_EQ(commands(transactional)[1], "transactional-update grub.cfg") << transactional;
    }
    host.kernel_settings.command_line = known<std::string>("root=UUID=1 ostree=/ostree/boot.1/fedora/x/0");
    EXPECT_EQ(commands("fedora"), (Commands{"rpm-ostree kargs --append-if-missing=intel_iommu=on", "reboot"}));
    host.kernel_settings.command_line = known<std::string>(R"(initrd=\EFI\proxmox\6.8.4-2-pve\initrd.img root=ZFS=x)");
    EXPECT_EQ(commands("debian"),
              (Commands{"sed -i '1s/$/ intel_iommu=on/' /etc/kernel/cmdline", "proxmox-boot-tool refresh", "reboot"}));
}

TEST(Passthrough, TakesOutTheWordThatSwitchesItOff)
{
    HostFacts host = with_iommu();
    host.iommu.groups = known(std::size_t{0});
    host.kernel_settings.command_line = known<std::string>("quiet intel_iommu=off");
    host.distribution = known<std::string>("rocky");
    EXPECT_EQ(for_passthrough(host, "iommu.enabled").verdict.remedy->commands,
              (Commands{"grubby --update-kernel=ALL --remove-args=intel_iommu=off", "reboot"}));
    host.distribution = known<std::string>("opensuse-microos");
    EXPECT_EQ(
        for_passthrough(host, "iommu.enabled").verdict.remedy->commands,
        (Commands{R"(sed -i 's/\bintel_iommu=off\b//' /etc/default/grub)", "transactional-update grub.cfg", "reboot"}));
}

TEST(Passthrough, MakesNoCommandOfAWordThatAShellWouldRun)
{
    HostFacts host = with_iommu();
    host.iommu.groups = known(std::size_t{0});
    host.kernel_settings.command_line = known<std::string>("quiet intel_iommu=off,$(reboot)");
    host.distribution = known<std::string>("rocky");
    const auto remedy = for_passthrough(host, "iommu.enabled").verdict.remedy;
    ASSERT_TRUE(remedy);
    for (const auto& command : remedy->commands) {
        EXPECT_EQ(command.find("$("), std::string::npos) << command;
    }
}

TEST(Passthrough, IsUnknownWhereNothingWasRecorded)
{
    EXPECT_EQ(for_passthrough(healthy(), "iommu.acpi").verdict.status, Status::unknown);
    EXPECT_EQ(for_passthrough(healthy(), "vfio.modules").verdict.status, Status::unknown);
    EXPECT_EQ(finding(healthy(), "iommu.acpi").verdict.evidence, "not recorded: /sys/firmware/acpi/tables");
    HostFacts host = with_iommu();
    host.iommu.tables = Error{ErrorCode::permission, "cannot list it"};
    EXPECT_EQ(finding(host, "iommu.acpi").verdict.status, Status::unknown);
}

TEST(Iommu, NeedsNoTableWhereItWorks)
{
    HostFacts host = with_iommu();
    host.iommu.tables = known(std::set<std::string>{"APIC"});
    EXPECT_EQ(finding(host, "iommu.acpi").verdict.status, Status::pass);
    host.iommu.tables = Fact<std::set<std::string>>{std::nullopt};
    EXPECT_EQ(finding(host, "iommu.acpi").verdict.status, Status::pass);
}

TEST(InterruptRemapping, IsToldByChipsOrTheLog)
{
    HostFacts host = with_iommu();
    host.iommu.interrupt_chips = known(std::set<std::string>{"IO-APIC"});
    EXPECT_EQ(finding(host, "iommu.interrupt_remap").verdict.status, Status::skip);
    host.kernel_log = known(std::vector<std::string>{"DMAR-IR: Enabled IRQ remapping in x2apic mode"});
    EXPECT_EQ(finding(host, "iommu.interrupt_remap").verdict.status, Status::pass);
    host.kernel_log = known(std::vector<std::string>{});
    host.iommu.interrupt_chips = Fact<std::set<std::string>>{std::nullopt};
    EXPECT_EQ(finding(host, "iommu.interrupt_remap").verdict.status, Status::unknown);
    host.iommu.unsafe_interrupts = known<std::string>("Y");
    EXPECT_EQ(finding(host, "iommu.interrupt_remap").verdict.status, Status::warn);
}

TEST(Vfio, IsMissedOnlyByWhoNeedsIt)
{
    HostFacts host = with_iommu();
    host.iommu.vfio = ModuleState::missing;
    EXPECT_EQ(finding(host, "vfio.modules").verdict.status, Status::skip);
    EXPECT_EQ(for_passthrough(host, "vfio.modules").verdict.status, Status::fail);
    host.iommu.vfio = ModuleState::untold;
    EXPECT_EQ(for_passthrough(host, "vfio.modules").verdict.status, Status::unknown);
}

}  // namespace
}  // namespace kvmkit
