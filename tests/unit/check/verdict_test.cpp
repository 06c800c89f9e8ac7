// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/recommendation.hpp"
#include "check/summary.hpp"
#include "support/healthy_host.hpp"

#include <algorithm>
#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using testing_support::summary;

HostFacts without_device(HostFacts host)
{
    host.kvm.node = std::optional<DeviceNode>{};
    host.kvm.open = std::optional<Answer>{};
    host.kvm.api_version = std::optional<Answer>{};
    host.kvm.create_vm = std::optional<Answer>{};
    host.kvm.run_real = std::optional<GuestRun>{};
    host.kvm.run_long = std::optional<GuestRun>{};
    host.kvm.speed = std::optional<GuestSpeed>{};
    host.kvm.offer = std::optional<NestedOffer>{};
    host.kvm.msrs = std::optional<MsrWriteback>{};
    host.kvm.exit_cost = std::optional<ExitCost>{};
    return host;
}

HostFacts refused_open(int errnum)
{
    HostFacts host = without_device(healthy());
    host.kvm.node = known(DeviceNode{NodeKind::kvm_device, "character device 10:232", 0660, 0, 106});
    host.kvm.open = known(Answer{-1, errnum});
    return host;
}

std::vector<std::string> failures(const HostFacts& host)
{
    std::vector<std::string> ids;
    for (const auto& found : judge(host, catalogue())) {
        if (found.verdict.status == Status::fail) {
            ids.emplace_back(found.check.id);
        }
    }
    return ids;
}

TEST(HealthyHost, IsReady)
{
    EXPECT_EQ(summary(healthy()).verdict, Readiness::ready);
    EXPECT_EQ(summary(healthy()).kvm, KvmState::native);
    EXPECT_EQ(recommend(healthy()).accel, Accel::kvm);
}

TEST(GuestSpeedCheck, CallsASlowGuestEmulated)
{
    HostFacts host = healthy();
    host.kvm.speed = known(GuestSpeed{0.25 * emulation_ratio * 1.01, {}, 0.25});
    EXPECT_EQ(summary(host).verdict, Readiness::degraded);
    EXPECT_EQ(summary(host).kvm, KvmState::emulated);
    EXPECT_EQ(recommend(host).accel, Accel::tcg);
    host.kvm.speed = known(GuestSpeed{0.25 * emulation_ratio * 0.99, {}, 0.25});
    EXPECT_EQ(summary(host).verdict, Readiness::ready);
    EXPECT_EQ(recommend(host).accel, Accel::kvm);
}

TEST(VirtExtension, IsNoMatterWhereKvmWorksWithoutIt)
{
    HostFacts host = healthy();
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"fpu", "lm"}});
    host.cpuid = known(CpuidFacts{.hypervisor = true, .signature = "KVMKVMKVM"});
    host.kvm.modules = known(std::set<std::string>{"kvm", "kvm_pvm"});
    EXPECT_EQ(summary(host).verdict, Readiness::ready);
    EXPECT_EQ(finding(host, "cpu.virt_ext").verdict.status, Status::pass);
    host.cpu = Error{ErrorCode::permission, "cannot open '/proc/cpuinfo'"};
    EXPECT_EQ(summary(host).verdict, Readiness::ready);
}

TEST(VirtExtension, IsNotBlamedOnPvmThatMayNotBeOpened)
{
    HostFacts host = refused_open(EACCES);
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"fpu", "lm"}});
    host.kvm.modules = known(std::set<std::string>{"kvm", "kvm_pvm"});
    EXPECT_EQ(failures(host), std::vector<std::string>{"kvm.access"});
}

TEST(VirtExtension, TellsFirmwareFromAPoorCpuAndFromAHypervisor)
{
    HostFacts host = without_device(healthy());
    host.cpu = known(CpuFacts{"GenuineIntel", "Core", {"fpu", "lm"}});
    EXPECT_EQ(finding(host, "cpu.virt_ext").verdict.remedy->where, Where::firmware);
    host.cpuid = known(CpuidFacts{});
    EXPECT_FALSE(finding(host, "cpu.virt_ext").verdict.remedy);
    host.underlay = known(UnderlayFacts{Underlay::virtualbox, "DMI"});
    const auto guest = finding(host, "cpu.virt_ext").verdict;
    EXPECT_EQ(guest.remedy->where, Where::hypervisor);
    EXPECT_NE(guest.remedy->commands.at(0).find("--nested-hw-virt on"), std::string::npos);
    EXPECT_EQ(failures(host), std::vector<std::string>{"cpu.virt_ext"});
}

TEST(VirtExtension, IsOffInTheFirmwareOfAGuestThatItsHypervisorGaveIt)
{
    HostFacts host = without_device(healthy());
    host.cpu = known(CpuFacts{"GenuineIntel", "Core", {"fpu", "lm"}});
    host.cpuid = known(CpuidFacts{.vmx = true});
    host.underlay = known(UnderlayFacts{Underlay::unidentified, "DMI says 'Bochs', 'Bochs'"});
    const auto verdict = finding(host, "cpu.virt_ext").verdict;
    EXPECT_EQ(verdict.status, Status::fail);
    EXPECT_NE(verdict.evidence.find("switched off in the firmware"), std::string::npos) << verdict.evidence;
    EXPECT_EQ(verdict.remedy->where, Where::firmware);
}

TEST(Underlays, EachHaveAStepForTheirOperator)
{
    for (const auto kind : {Underlay::kvm,
                            Underlay::tcg,
                            Underlay::vmware,
                            Underlay::virtualbox,
                            Underlay::hyperv,
                            Underlay::wsl,
                            Underlay::azure,
                            Underlay::amazon,
                            Underlay::google,
                            Underlay::xen_guest,
                            Underlay::parallels,
                            Underlay::bhyve,
                            Underlay::openbsd_vmm,
                            Underlay::apple,
                            Underlay::zvm,
                            Underlay::powervm,
                            Underlay::uml,
                            Underlay::unidentified}) {
        HostFacts host = without_device(healthy());
        host.cpu = known(CpuFacts{"GenuineIntel", "Xeon", {"fpu", "lm", "hypervisor"}});
        host.underlay = known(UnderlayFacts{kind, "DMI"});
        const auto verdict = finding(host, "cpu.virt_ext").verdict;
        ASSERT_TRUE(verdict.remedy) << word(kind);
        EXPECT_NE(verdict.remedy->where, Where::this_host) << word(kind);
    }
}

TEST(XenControlDomain, IsTheOneFailure)
{
    HostFacts host = without_device(healthy());
    host.underlay = known(UnderlayFacts{Underlay::xen_dom0, "control_d"});
    EXPECT_EQ(failures(host), std::vector<std::string>{"underlay.xen_dom0"});
    EXPECT_EQ(summary(host).kvm, KvmState::absent);
}

TEST(Module, IsLoadedAsTheDistributionDoesIt)
{
    HostFacts host = without_device(healthy());
    host.kvm.modules = known(std::set<std::string>{"kvm"});
    EXPECT_EQ(finding(host, "kvm.module").verdict.remedy->commands,
              (std::vector<std::string>{"modprobe kvm_intel", "echo kvm_intel >/etc/modules-load.d/kvm.conf"}));
    host.distribution = known<std::string>("alpine");
    host.cpu = known(CpuFacts{"AuthenticAMD", "Ryzen", {"fpu", "lm", "svm"}});
    EXPECT_EQ(finding(host, "kvm.module").verdict.remedy->commands,
              (std::vector<std::string>{"modprobe kvm_amd", "echo kvm_amd >>/etc/modules"}));
}

TEST(Device, ThatIsAbsentIsTheOneFailure)
{
    EXPECT_EQ(failures(without_device(healthy())), std::vector<std::string>{"kvm.device"});
    EXPECT_EQ(summary(without_device(healthy())).verdict, Readiness::unusable);
}

TEST(Access, KeepsTheErrnosApart)
{
    const auto evidence = [](int errnum) { return finding(refused_open(errnum), "kvm.access").verdict.evidence; };
    EXPECT_NE(evidence(EACCES).find("user alice may not open /dev/kvm"), std::string::npos);
    EXPECT_NE(evidence(EPERM).find("device filter"), std::string::npos);
    EXPECT_NE(evidence(ENODEV).find("no KVM is behind it"), std::string::npos);
    EXPECT_NE(evidence(EMFILE).find("EMFILE"), std::string::npos);
    EXPECT_EQ(summary(refused_open(EACCES)).kvm, KvmState::forbidden);
    EXPECT_EQ(summary(refused_open(EPERM)).kvm, KvmState::forbidden);
    EXPECT_EQ(summary(refused_open(ENODEV)).kvm, KvmState::absent);
}

TEST(Access, BlamesNobodyForALackOfDescriptors)
{
    for (const int errnum : {EMFILE, ENFILE}) {
        EXPECT_EQ(summary(refused_open(errnum)).verdict, Readiness::unknown);
        EXPECT_TRUE(finding(refused_open(errnum), "kvm.access").verdict.remedy);
        EXPECT_TRUE(failures(refused_open(errnum)).empty());
    }
}

TEST(Access, AsksForWhatIsMissing)
{
    const auto commands = [](const HostFacts& host) { return finding(host, "kvm.access").verdict.remedy->commands; };
    HostFacts host = refused_open(EACCES);
    EXPECT_EQ(commands(host), std::vector<std::string>{"usermod -aG kvm alice"});
    host.kvm_group = known(GroupFacts{106, {"alice"}});
    EXPECT_EQ(commands(host), std::vector<std::string>{"newgrp kvm"});
    host.kvm.node = known(DeviceNode{NodeKind::kvm_device, "character device 10:232", 0600, 0, 0});
    EXPECT_EQ(commands(host), (std::vector<std::string>{"chgrp kvm /dev/kvm", "chmod 0660 /dev/kvm"}));
    host.kvm_group = std::optional<GroupFacts>{};
    EXPECT_EQ(commands(host),
              (std::vector<std::string>{
                  "groupadd --system kvm", "chgrp kvm /dev/kvm", "chmod 0660 /dev/kvm", "usermod -aG kvm alice"}));
}

TEST(CreateVm, TellsABusyCpuFromLackOfMemory)
{
    HostFacts host = without_device(healthy());
    host.kvm.node = healthy().kvm.node;
    host.kvm.open = known(Answer{});
    host.kvm.api_version = known(Answer{12, 0});
    host.kvm.create_vm = known(Answer{-1, EBUSY});
    EXPECT_EQ(summary(host).kvm, KvmState::busy);
    EXPECT_NE(finding(host, "kvm.create_vm").verdict.evidence.find("another hypervisor"), std::string::npos);
    host.kvm.create_vm = known(Answer{-1, ENOMEM});
    EXPECT_EQ(summary(host).kvm, KvmState::broken);
    EXPECT_EQ(failures(host), std::vector<std::string>{"kvm.create_vm"});
}

TEST(Api, OfAnotherVersionIsBroken)
{
    HostFacts host = healthy();
    host.kvm.api_version = known(Answer{11, 0});
    EXPECT_EQ(summary(host).kvm, KvmState::broken);
}

TEST(GuestRuns, ThatFailDecideTheVerdict)
{
    HostFacts host = healthy();
    host.kvm.run_real = known(GuestRun{false, "hardware reason 0x7", {}});
    EXPECT_EQ(summary(host).verdict, Readiness::degraded);
    EXPECT_EQ(summary(host).kvm, KvmState::partial);
    EXPECT_EQ(recommend(host).accel, Accel::tcg);
    host.kvm.run_long = known(GuestRun{false, "triple fault", {}});
    EXPECT_EQ(summary(host).verdict, Readiness::unusable);
    EXPECT_EQ(summary(host).kvm, KvmState::broken);
}

TEST(GuestRuns, ThatCouldNotBeMadeLeaveTheAnswerOpen)
{
    HostFacts host = healthy();
    const Error late{ErrorCode::timeout, "the time was up"};
    host.kvm.run_long = late;
    host.kvm.speed = std::optional<GuestSpeed>{};
    EXPECT_EQ(summary(host).verdict, Readiness::unknown);
    EXPECT_EQ(recommend(host).accel, Accel::tcg);
    host.kvm.run_long = Error{ErrorCode::unsupported, "no guest code for this architecture yet"};
    host.kvm.run_real = host.kvm.run_long;
    EXPECT_EQ(summary(host).kvm, KvmState::unmeasured);
    EXPECT_EQ(recommend(host).accel, Accel::kvm);
}

}  // namespace
}  // namespace kvmkit
