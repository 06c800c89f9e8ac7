// SPDX-License-Identifier: Apache-2.0
#include "support/healthy_host.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using testing_support::status;
using Commands = std::vector<std::string>;

HostFacts without_kvm()
{
    HostFacts host = healthy();
    host.kvm.modules = known(std::set<std::string>{});
    return host;
}

TEST(CommandLine, KeepsNothingOutThatIsInTheKernel)
{
    HostFacts host = healthy();
    host.kvm.create_vm = known(Answer{-1, 16});
    host.kernel_settings.command_line = known<std::string>("quiet nomodule");
    EXPECT_EQ(status(host, "kvm.cmdline"), Status::pass);
    host.kvm.modules = known(std::set<std::string>{});
    EXPECT_EQ(status(host, "kvm.cmdline"), Status::warn);
}

TEST(Blacklist, CountsForTheModuleOfThisCpuWhereItIsNotLoaded)
{
    HostFacts host = without_kvm();
    EXPECT_EQ(status(host, "kvm.blacklist"), Status::skip);
    host.resources.looked = true;
    EXPECT_EQ(status(host, "kvm.blacklist"), Status::pass);
    host.kernel_settings.rules = {{"etc/modprobe.d/a.conf", "kvm_amd", false}};
    EXPECT_EQ(status(host, "kvm.blacklist"), Status::pass);
    host.kernel_settings.rules.push_back({"etc/modprobe.d/b.conf", "kvm_intel", true});
    EXPECT_EQ(finding(host, "kvm.blacklist").verdict.evidence,
              "/etc/modprobe.d/b.conf forbids to load kvm_intel: it is not loaded at boot");
    EXPECT_EQ(finding(host, "kvm.blacklist").verdict.remedy->commands,
              (Commands{"sed -i -E '/^\\s*(blacklist|install)\\s+kvm[-_]intel(\\s|$)/d' /etc/modprobe.d/b.conf",
                        "modprobe kvm_intel"}));
    host.kvm.modules = known(std::set<std::string>{"kvm", "kvm_intel"});
    EXPECT_EQ(status(host, "kvm.blacklist"), Status::pass);
}

TEST(CommandLine, MayKeepKvmOut)
{
    HostFacts host = without_kvm();
    host.kvm.create_vm = Fact<Answer>{std::nullopt};
    EXPECT_EQ(status(host, "kvm.cmdline"), Status::skip);
    for (const auto* line : {"quiet", "module_blacklist=floppy,kvm_amd", "kvm-arm.mode=protected", "clearcpuid=la57"}) {
        host.kernel_settings.command_line = known<std::string>(line);
        EXPECT_EQ(status(host, "kvm.cmdline"), Status::pass) << line;
    }
    for (const auto* line :
         {"module_blacklist=floppy,kvm-intel", "modprobe.blacklist=kvm", "kvm-arm.mode=none", "nomodule"}) {
        host.kernel_settings.command_line = known<std::string>(line);
        EXPECT_EQ(status(host, "kvm.cmdline"), Status::warn) << line;
    }
    host.kvm.create_vm = known(Answer{});  // built in
    EXPECT_EQ(status(host, "kvm.cmdline"), Status::pass);
}

TEST(Capabilities, AreWarnedOfWhereOneIsMissing)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "kvm.caps"), Status::skip);
    host.kvm.capabilities = known(KvmCapabilities{8, 1024, {}});
    EXPECT_EQ(status(host, "kvm.caps"), Status::pass);
    EXPECT_EQ(finding(host, "kvm.max_vcpus").verdict.evidence, "a guest may have 1024 vCPUs; 8 are recommended");
    host.kvm.capabilities = known(KvmCapabilities{8, 1024, {"KVM_CAP_IRQFD"}});
    EXPECT_EQ(status(host, "kvm.caps"), Status::warn);
    host.kvm.capabilities = Error{ErrorCode::timeout, "the time was up"};
    EXPECT_EQ(status(host, "kvm.caps"), Status::unknown);
    EXPECT_EQ(status(host, "kvm.max_vcpus"), Status::unknown);
}

TEST(HugePages, AreSplitOrWhole)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "kvm.nx_huge_pages"), Status::skip);
    host.kernel_settings.nx_huge_pages = known<std::string>("N");
    EXPECT_EQ(status(host, "kvm.nx_huge_pages"), Status::pass);
}

TEST(LockMsr, ShowsAFirmwareThatSwitchedVirtualizationOff)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "fw.lock_msr"), Status::skip);
    for (const std::uint64_t value : {0x5U, 0x0U, 0x4U}) {
        host.kernel_settings.feature_control = known(value);
        EXPECT_EQ(status(host, "fw.lock_msr"), Status::pass) << value;
    }
    host.kernel_settings.feature_control = known(std::uint64_t{1});
    EXPECT_EQ(finding(host, "fw.lock_msr").verdict.remedy->where, Where::firmware);
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"svm", "npt"}});
    EXPECT_EQ(status(host, "fw.lock_msr"), Status::pass);
    host.kernel_settings.feature_control = known(std::uint64_t{0x18});
    EXPECT_EQ(status(host, "fw.lock_msr"), Status::warn);
}

TEST(Lockdown, IsTold)
{
    HostFacts host = healthy();
    host.kernel_settings.lockdown = known<std::string>("integrity");
    EXPECT_EQ(status(host, "fw.lockdown"), Status::pass);
    EXPECT_NE(finding(host, "fw.lockdown").verdict.evidence.find("integrity"), std::string::npos);
}

TEST(Cpus, ThatDifferInVirtualizationAreWarnedOf)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "cpu.heterogeneous"), Status::skip);
    host.cpu_details.cpus = 4;
    EXPECT_EQ(finding(host, "cpu.heterogeneous").verdict.evidence, "the 4 CPUs have the same flags");
    host.cpu_details.odd = 2;
    host.cpu_details.uneven = {"avx512f"};
    EXPECT_EQ(status(host, "cpu.heterogeneous"), Status::pass);
    host.cpu_details.uneven = {"vmx"};
    EXPECT_EQ(status(host, "cpu.heterogeneous"), Status::warn);
}

TEST(Slat, IsMissedOnOldCpus)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "cpu.slat"), Status::pass);
    host.cpu = known(CpuFacts{"GenuineIntel", "Core 2", {"vmx"}});
    EXPECT_EQ(status(host, "cpu.slat"), Status::warn);
    EXPECT_FALSE(finding(host, "cpu.slat").verdict.remedy);
    host.cpu_details.vmx = {"ept"};
    EXPECT_EQ(status(host, "cpu.slat"), Status::pass);
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"svm", "npt"}});
    EXPECT_EQ(status(host, "cpu.slat"), Status::pass);
    host.arch = known<std::string>("aarch64");
    host.cpu = known(CpuFacts{"0x41", "", {"fp"}});
    EXPECT_FALSE(finding(host, "cpu.slat").verdict.applies);
}

TEST(Cpu, TellsWhatItCanDo)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "cpu.vmx_caps"), Status::skip);
    EXPECT_EQ(status(host, "cpu.address_bits"), Status::skip);
    host.cpu_details.vmx = {"ept", "vpid"};
    host.cpu_details.physical_bits = 46;
    host.cpu_details.virtual_bits = 48;
    EXPECT_EQ(finding(host, "cpu.vmx_caps").verdict.evidence, "VMX with ept vpid");
    EXPECT_EQ(finding(host, "cpu.address_bits").verdict.evidence, "46 bits of physical addresses, 48 of virtual ones");
    host.cpu = known(CpuFacts{"GenuineIntel", "Core", {"vmx", "ept", "tsc", "constant_tsc", "nonstop_tsc"}});
    EXPECT_EQ(status(host, "cpu.tsc"), Status::pass);
    host.cpu = known(CpuFacts{"GenuineIntel", "Core", {"vmx", "ept", "tsc"}});
    EXPECT_EQ(status(host, "cpu.tsc"), Status::skip);
}

TEST(Vulnerabilities, AreThoseThatGuestsCouldUse)
{
    using States = std::map<std::string, std::string>;
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "cpu.vulnerabilities"), Status::skip);
    for (const auto& harmless :
         {States{{"l1tf", "Mitigation: PTE Inversion; VMX: conditional cache flushes, SMT vulnerable"}},
          States{{"spectre_v1", "Vulnerable"}},
          States{{"itlb_multihit", "Processor vulnerable"}},
          States{{"mds", "Mitigation: Clear CPU buffers; SMT vulnerable"}}}) {
        host.kernel_settings.vulnerabilities = known(harmless);
        EXPECT_EQ(status(host, "cpu.vulnerabilities"), Status::pass) << harmless.begin()->second;
    }
    for (const auto& open : {States{{"l1tf", "Mitigation: PTE Inversion; VMX: vulnerable"}},
                             States{{"itlb_multihit", "KVM: Vulnerable"}},
                             States{{"mds", "Vulnerable: Clear CPU buffers attempted, no microcode"}}}) {
        host.kernel_settings.vulnerabilities = known(open);
        EXPECT_EQ(status(host, "cpu.vulnerabilities"), Status::warn) << open.begin()->second;
    }
    EXPECT_EQ(finding(host, "cpu.vulnerabilities").verdict.remedy->commands,
              (Commands{"apt-get install intel-microcode"}));
    host.kernel_settings.command_line = known<std::string>("mitigations=off");
    EXPECT_EQ(finding(host, "cpu.vulnerabilities").verdict.remedy->summary, "start the kernel without mitigations=off");
    host.underlay = known(UnderlayFacts{Underlay::kvm, "CPUID"});
    EXPECT_EQ(status(host, "cpu.vulnerabilities"), Status::skip);
}

}  // namespace
}  // namespace kvmkit
