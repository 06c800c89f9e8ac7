// SPDX-License-Identifier: Apache-2.0
#include "check/firmware_menu.hpp"
#include "check/module_parameter.hpp"
#include "support/healthy_host.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using testing_support::summary;
using Commands = std::vector<std::string>;

/// KVM creates no machine, and nobody has been asked why.
HostFacts without_kvm()
{
    HostFacts host = healthy();
    host.cpu = known(CpuFacts{"GenuineIntel", "Xeon", {"fpu", "lm", "hypervisor"}});
    host.cpuid = known(CpuidFacts{.hypervisor = true, .signature = "KVMKVMKVM"});
    host.underlay = known(UnderlayFacts{Underlay::kvm, "DMI"});
    host.kvm.node = std::optional<DeviceNode>{};
    host.kvm.open = std::optional<Answer>{};
    clear_answers(host.kvm);
    return host;
}

Error unrecorded()
{
    return {ErrorCode::not_found, "not recorded: it"};
}

bool holds(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

TEST(CloudCheck, NamesTheCloudOrSaysThatThereIsNone)
{
    HostFacts host = healthy();
    EXPECT_EQ(finding(host, "underlay.cloud").verdict.status, Status::skip);
    host.dmi = known(DmiFacts{"Dell Inc.", "OptiPlex", ""});
    EXPECT_EQ(finding(host, "underlay.cloud").verdict.status, Status::pass);
    host.dmi = known(DmiFacts{"Hetzner", "vServer", ""});
    EXPECT_EQ(finding(host, "underlay.cloud").verdict.evidence, "DMI names Hetzner Cloud");
    host.dmi = Error{ErrorCode::permission, "cannot read DMI"};
    EXPECT_EQ(finding(host, "underlay.cloud").verdict.status, Status::unknown);
}

Remedy step_for(DmiFacts dmi, Underlay kind)
{
    HostFacts host = without_kvm();
    host.dmi = known(std::move(dmi));
    host.underlay = known(UnderlayFacts{kind, "DMI"});
    return finding(host, "cpu.virt_ext").verdict.remedy.value_or(Remedy{});
}

TEST(Operators, OfCloudsAreAskedAndGivenNoCommandForTheirHosts)
{
    const auto cloud = step_for({"Hetzner", "vServer", ""}, Underlay::kvm);
    EXPECT_EQ(cloud.where, Where::cloud_console);
    EXPECT_TRUE(holds(cloud.summary, "is for Hetzner Cloud to switch on"));
    EXPECT_EQ(cloud.commands, Commands{"grep -cwE 'vmx|svm' /proc/cpuinfo"});
    const auto own = step_for({"QEMU", "Standard PC (Q35 + ICH9, 2009)", ""}, Underlay::kvm);
    EXPECT_EQ(own.where, Where::hypervisor);
    EXPECT_TRUE(holds(own.summary, "Proxmox VE: qm set VMID --cpu host"));
}

TEST(Operators, OfAmazonSwitchItOnForAStoppedInstance)
{
    const auto step = step_for({"Amazon EC2", "c8i.large", ""}, Underlay::amazon);
    EXPECT_EQ(
        step.commands.at(0),
        "aws ec2 modify-instance-cpu-options --instance-id \"ID OF THIS INSTANCE\" --nested-virtualization enabled");
}

TEST(DepthCheck, CountsTheHypervisorsBelow)
{
    HostFacts host = healthy();
    EXPECT_TRUE(holds(finding(host, "underlay.depth").verdict.evidence, "(L0): its guests are L1"));
    host.underlay = known(UnderlayFacts{Underlay::vmware, "DMI"});
    EXPECT_TRUE(holds(finding(host, "underlay.depth").verdict.evidence, "(L1): its guests are L2"));
    host.underlay = known(UnderlayFacts{Underlay::kvm, "sysinfo", 2});
    EXPECT_TRUE(holds(finding(host, "underlay.depth").verdict.evidence, "2 hypervisors lie below this host (L2)"));
    host.underlay = std::optional<UnderlayFacts>{};
    EXPECT_EQ(finding(host, "underlay.depth").verdict.status, Status::skip);
}

TEST(ContainerCheck, OnlyTells)
{
    HostFacts host = healthy();
    EXPECT_EQ(finding(host, "underlay.container").verdict.evidence, "none of a container's marks is there");
    host.container = known(ContainerFacts{"docker", "/.dockerenv"});
    EXPECT_EQ(finding(host, "underlay.container").verdict.evidence, "a container (docker), by /.dockerenv");
    EXPECT_EQ(summary(host).verdict, Readiness::ready);
    host.container = unrecorded();
    EXPECT_EQ(finding(host, "underlay.container").verdict.status, Status::skip);
}

TEST(ConfidentialCheck, IsTheOneFailureOfSuchAGuest)
{
    HostFacts host = without_kvm();
    EXPECT_EQ(finding(host, "underlay.confidential").verdict.status, Status::pass);
    host.confidential = known(ConfidentialFacts{"TDX", "/sys/class/misc/tdx_guest"});
    const auto found = finding(host, "underlay.confidential").verdict;
    EXPECT_EQ(found.status, Status::fail);
    EXPECT_EQ(found.remedy->where, Where::hypervisor);
    EXPECT_EQ(finding(host, "cpu.virt_ext").because, "underlay.confidential");
    EXPECT_EQ(finding(host, "underlay.wsl").because, "underlay.confidential");
    host.confidential = unrecorded();
    EXPECT_EQ(finding(host, "underlay.confidential").verdict.status, Status::skip);
    EXPECT_EQ(finding(host, "cpu.virt_ext").verdict.status, Status::fail);
    host.kernel_log = known(std::vector<std::string>{"kvm_amd: KVM is unsupported when running as an SEV guest"});
    EXPECT_EQ(finding(host, "underlay.confidential").verdict.status, Status::fail);
}

TEST(ConfidentialCheck, BelievesAKvmThatWorks)
{
    HostFacts host = healthy();
    host.confidential = known(ConfidentialFacts{"SEV-SNP", "/sys/class/misc/sev-guest"});
    EXPECT_EQ(finding(host, "underlay.confidential").verdict.status, Status::pass);
    EXPECT_EQ(summary(host).verdict, Readiness::ready);
}

TEST(WslCheck, SendsWsl1ToWsl2)
{
    HostFacts host = without_kvm();
    EXPECT_EQ(finding(host, "underlay.wsl").verdict.status, Status::skip);
    host.underlay = known(UnderlayFacts{Underlay::wsl, "the kernel"});
    host.kernel = known<std::string>("5.15.90.1-microsoft-standard-WSL2");
    EXPECT_EQ(finding(host, "underlay.wsl").verdict.status, Status::pass);
    EXPECT_TRUE(holds(finding(host, "cpu.virt_ext").verdict.remedy->summary, "nestedVirtualization=true"));
    host.kernel = known<std::string>("4.4.0-19041-Microsoft");
    EXPECT_EQ(finding(host, "underlay.wsl").verdict.status, Status::fail);
    EXPECT_EQ(finding(host, "cpu.virt_ext").because, "underlay.wsl");
}

TEST(FirmwareMenu, IsThatOfTheMachinesMaker)
{
    HostFacts host = healthy();
    EXPECT_TRUE(
        holds(firmware_remedy(host).summary, "in the firmware setup, mostly at 'Advanced' > 'CPU Configuration'"));
    EXPECT_TRUE(holds(firmware_remedy(host).summary, "switch on 'Intel Virtualization Technology (VT-x, VMX)'"));
    const std::vector<std::pair<DmiFacts, std::string>> cases{
        {{.vendor = "Dell Inc."}, "in Dell's firmware setup (F2"},
        {{.vendor = "HPE"}, "in HPE's firmware setup (F9"},
        {{.vendor = "HP"}, "in HP's firmware setup (F10"},
        {{.vendor = "Hewlett-Packard"}, "in HP's firmware setup (F10"},
        {{.vendor = "LENOVO"}, "in Lenovo's firmware setup (F1"},
        {{.vendor = "Supermicro"}, "in Supermicro's firmware setup (Del"},
        {{.vendor = "To Be Filled By O.E.M.", .board_vendor = "ASRock"}, "in ASRock's firmware setup (F2"},
        {{.vendor = "System manufacturer", .board_vendor = "ASUSTeK COMPUTER INC."}, "in ASUS's firmware setup (Del"},
        {{.vendor = "Gigabyte Technology Co., Ltd."}, "in Gigabyte's firmware setup (Del"},
        {{.vendor = "Micro-Star International Co., Ltd."}, "in MSI's firmware setup (Del"},
        {{.vendor = "Intel(R) Client Systems"}, "in Intel's firmware setup (F2"},
        {{.vendor = "Acer"}, "in Acer's firmware setup (F2"},
    };
    for (const auto& [dmi, menu] : cases) {
        host.dmi = known(dmi);
        EXPECT_TRUE(holds(firmware_remedy(host).summary, menu)) << menu << ": " << firmware_remedy(host).summary;
    }
    host.cpu = known(CpuFacts{"AuthenticAMD", "Ryzen", {"fpu"}});
    EXPECT_TRUE(holds(firmware_remedy(host).summary, "'SVM Mode (AMD-V)'"));
}

TEST(BuiltInKvm, GetsItsParametersFromTheKernelsCommandLine)
{
    HostFacts host = healthy();
    host.kvm.nested = known<std::string>("N");
    EXPECT_EQ(finding(host, "nested.param").verdict.remedy->commands.back(),
              "modprobe -r kvm_intel && modprobe kvm_intel");
    host.kvm.built_in = {"kvm", "kvm_intel"};
    const auto remedy = *finding(host, "nested.param").verdict.remedy;
    EXPECT_TRUE(holds(remedy.summary, "kvm_intel.nested=1 on the kernel's command line"));
    EXPECT_EQ(remedy.commands,
              (Commands{"mkdir -p /etc/default/grub.d",
                        "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX kvm_intel.nested=1\"' "
                        ">/etc/default/grub.d/kvm_intel.nested.cfg",
                        "update-grub",
                        "reboot"}));
    host.distribution = known<std::string>("fedora");
    EXPECT_EQ(finding(host, "nested.param").verdict.remedy->commands,
              (Commands{"grubby --update-kernel=ALL --args=kvm_intel.nested=1", "reboot"}));
    host.distribution = known<std::string>("gentoo");
    EXPECT_TRUE(finding(host, "nested.param").verdict.remedy->commands.empty());
    host.underlay = known(UnderlayFacts{Underlay::wsl, "the kernel"});
    EXPECT_TRUE(holds(finding(host, "nested.param").verdict.remedy->summary, "kernelCommandLine=kvm_intel.nested=1"));
}

TEST(BuiltInKvm, SharesTheCpuWithVirtualBoxByTheCommandLine)
{
    HostFacts host = healthy();
    host.conflicts = {.virtualbox = true, .virt_at_load = known<std::string>("Y")};
    host.kvm.built_in = {"kvm"};
    EXPECT_TRUE(holds(finding(host, "conflict.virtualbox").verdict.remedy->summary, "kvm.enable_virt_at_load=0"));
}

}  // namespace
}  // namespace kvmkit
