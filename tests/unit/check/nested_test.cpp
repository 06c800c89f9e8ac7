// SPDX-License-Identifier: Apache-2.0
#include "report/nested.hpp"
#include "check/recommendation.hpp"
#include "report/text.hpp"
#include "support/healthy_host.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using testing_support::summary;

/// The parameter says no, so KVM offers nothing.
HostFacts switched_off()
{
    HostFacts host = healthy();
    host.kvm.nested = known<std::string>("N");
    host.kvm.offer = known(NestedOffer{.state_size = 4224});
    return host;
}

HostFacts refusing(std::vector<RefusedMsr> msrs)
{
    HostFacts host = healthy();
    host.kvm.msrs = known(MsrWriteback{90, static_cast<unsigned>(msrs.size()), std::move(msrs)});
    return host;
}

NestedReport report(const HostFacts& host)
{
    return make_nested_report(host, make_report(host));
}

TEST(Nested, IsOfferedUntilItIsProved)
{
    HostFacts host = healthy();
    EXPECT_EQ(summary(host).nested, NestedState::offered);
    EXPECT_EQ(finding(host, "nested.run").verdict.status, Status::skip);
    host.kvm.nested_run = known(GuestRun{true, "", std::chrono::microseconds{900}});
    EXPECT_EQ(summary(host).nested, NestedState::proved);
    EXPECT_FALSE(report(host).missing);
}

TEST(Nested, SwitchedOffIsOneWarningOnly)
{
    const HostFacts host = switched_off();
    EXPECT_EQ(finding(host, "nested.param").verdict.status, Status::warn);
    EXPECT_EQ(finding(host, "nested.offered").verdict.status, Status::skip);
    EXPECT_EQ(finding(host, "nested.offered").because, "nested.param");
    EXPECT_EQ(summary(host).verdict, Readiness::ready);
    EXPECT_EQ(summary(host).nested, NestedState::unavailable);
    ASSERT_TRUE(report(host).missing);
    EXPECT_EQ(report(host).missing->check.id, "nested.param");
}

TEST(Nested, ThatIsOfferedAndDoesNotRunIsBroken)
{
    HostFacts host = healthy();
    host.kvm.nested_run = known(GuestRun{false, "VMWRITE of field 0x4000 failed in the guest", {}});
    EXPECT_EQ(summary(host).nested, NestedState::broken);
    const auto broken = report(host);
    ASSERT_TRUE(broken.missing);
    EXPECT_EQ(broken.missing->check.id, "nested.run");
    EXPECT_NE(to_text(broken, Paint::plain).find("VMWRITE of field 0x4000"), std::string::npos);
    EXPECT_EQ(summary(host).verdict, Readiness::ready);  // nobody needs it for the first storey
}

TEST(Nested, ThatFailsOnAnOldKernelIsNotHeldAgainstIt)
{
    HostFacts host = healthy();
    host.kvm.nested_run = known(GuestRun{false, "VMWRITE of field 0x4000 failed in the guest", {}});
    host.kernel = known<std::string>("4.15.0-213-generic");
    EXPECT_NE(finding(host, "nested.run").verdict.remedy->summary.find("4.17 or newer: this one (4.15.0-213-generic)"),
              std::string::npos);
    host.kernel = known<std::string>("4.17.0");
    EXPECT_EQ(finding(host, "nested.run").verdict.remedy->summary.find("4.17 or newer"), std::string::npos);
}

TEST(Nested, ThatWasCutShortLeavesTheAnswerOpen)
{
    HostFacts host = healthy();
    host.kvm.nested_run =
        Error{ErrorCode::timeout, "the kernel never came back from running a guest's guest", "see dmesg"};
    EXPECT_EQ(summary(host).nested, NestedState::unknown);
    const auto hung = report(host);
    ASSERT_TRUE(hung.run && hung.missing);
    EXPECT_EQ(hung.missing->check.id, "nested.run");
    const auto text = to_text(hung, Paint::plain);
    EXPECT_NE(text.find("see dmesg"), std::string::npos) << text;
    EXPECT_EQ(text.find("kvm-check nested --prove"), std::string::npos) << "do not send them there again: " << text;
}

TEST(Nested, NeedsNoStateThatCanBeSaved)
{
    HostFacts host = healthy();
    host.kvm.offer = known(NestedOffer{.svm = true, .nested_paging = true});
    EXPECT_EQ(summary(host).nested, NestedState::offered);
    EXPECT_EQ(finding(host, "nested.offered").verdict.status, Status::pass);
    EXPECT_NE(finding(host, "nested.offered").verdict.evidence.find("migration"), std::string::npos);
}

TEST(Nested, IsNotAvailableWhereNoGuestRuns)
{
    HostFacts host = healthy();
    host.kvm.run_long = known(GuestRun{false, "it did not", {}});
    EXPECT_EQ(summary(host).nested, NestedState::unavailable);
    EXPECT_EQ(report(host).missing->check.id, "kvm.run_long");
}

TEST(Nested, NamesTheModuleOfThisCpuWhereBothAreBuiltIn)
{
    HostFacts host = switched_off();
    host.kvm.modules = known(std::set<std::string>{"kvm", "kvm_intel", "kvm_amd"});
    EXPECT_NE(finding(host, "nested.param").verdict.evidence.find("kvm_intel"), std::string::npos);
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"lm", "svm"}});
    EXPECT_NE(finding(host, "nested.param").verdict.evidence.find("kvm_amd"), std::string::npos);
}

TEST(Nested, PrintsNothingThatATerminalObeys)
{
    HostFacts host = healthy();
    host.kvm.nested = known<std::string>("N\x1b[31m\xff");
    host.underlay = known(UnderlayFacts{Underlay::vmware, "DMI says '\x1b]0;x\a'"});
    host.kvm.offer = known(NestedOffer{});
    EXPECT_EQ(to_text(report(host), Paint::plain).find('\x1b'), std::string::npos);
    EXPECT_EQ(to_text(make_report(host), Detail::all, Paint::plain).find('\x1b'), std::string::npos);
}

TEST(Nested, NamesTheRootCauseWhereKvmItselfIsMissing)
{
    HostFacts host = healthy();
    host.kvm = {};
    host.kvm.modules = known(std::set<std::string>{});
    host.kvm.node = std::optional<DeviceNode>{};
    const auto without = report(host);
    EXPECT_EQ(without.state, NestedState::unavailable);
    ASSERT_TRUE(without.missing);
    EXPECT_EQ(without.missing->check.id, "kvm.module");
}

TEST(Nested, AsksTheOperatorOfTheHypervisorBelow)
{
    HostFacts host = switched_off();
    host.kvm.nested = std::optional<std::string>{};
    host.underlay = known(UnderlayFacts{Underlay::vmware, "DMI"});
    const auto in_vm = report(host);
    EXPECT_TRUE(in_vm.virtualized.value_or(false));
    ASSERT_TRUE(in_vm.missing && in_vm.missing->verdict.remedy);
    EXPECT_EQ(in_vm.missing->verdict.remedy->where, Where::hypervisor);
}

TEST(Nested, PagingIsAskedForOnAmdOnly)
{
    HostFacts host = healthy();
    EXPECT_EQ(finding(host, "nested.npt").verdict.evidence, "AMD only");
    host.kvm.offer = known(NestedOffer{.svm = true, .nested_paging = true, .state_size = 4224});
    host.kvm.nested_run = known(GuestRun{true, "", {}});
    host.kvm.nested_paging = known(GuestRun{false, "it did not", {}});
    EXPECT_EQ(finding(host, "nested.npt").verdict.status, Status::warn);
    EXPECT_EQ(summary(host).nested, NestedState::broken);
}

TEST(MsrWriteback, NamesTheFeatureThatKeepsQemuFromStarting)
{
    const HostFacts host = refusing({{0x10a, 0x69}, {0x480, 1}, {0x491, 1}, {0x38d, 0}});
    const auto found = finding(host, "kvm.msr_writeback");
    EXPECT_EQ(found.verdict.status, Status::warn);
    EXPECT_NE(found.verdict.evidence.find("MSR 0x10a (the list of mitigations in the CPU)"), std::string::npos)
        << found.verdict.evidence;
    ASSERT_TRUE(found.verdict.remedy);
    EXPECT_EQ(found.verdict.remedy->commands.front(),
              "qemu-system-x86_64 -accel kvm -cpu host,-arch-capabilities,-vmx,pmu=off");
    EXPECT_NE(found.verdict.remedy->summary.find("<feature policy='disable' name='vmx'/>"), std::string::npos);
    EXPECT_NE(found.verdict.remedy->summary.find("<pmu state='off'/>"), std::string::npos);
    EXPECT_EQ(recommend(host).cpu, "host,-arch-capabilities,-vmx,pmu=off");
}

TEST(MsrWriteback, FallsBackWhereNoFeatureIsKnown)
{
    for (const auto& msrs :
         {std::vector<RefusedMsr>{{0xc0011029, 0}}, std::vector<RefusedMsr>{{0x10a, 0}, {0x999, 0}}}) {
        const HostFacts host = refusing(msrs);
        const auto found = finding(host, "kvm.msr_writeback");
        ASSERT_TRUE(found.verdict.remedy);
        EXPECT_EQ(found.verdict.remedy->commands.front(), "qemu-system-x86_64 -accel kvm -cpu qemu64");
        EXPECT_EQ(recommend(host).cpu, "qemu64");
    }
    EXPECT_EQ(recommend(healthy()).cpu, "host");
}

TEST(ExitCost, WarnsOfDearExits)
{
    HostFacts host = healthy();
    EXPECT_EQ(finding(host, "kvm.exit_cost").verdict.status, Status::pass);
    host.kvm.exit_cost = known(ExitCost{80'000, {}});
    EXPECT_EQ(finding(host, "kvm.exit_cost").verdict.status, Status::warn);
    host.arch = known<std::string>("aarch64");
    EXPECT_EQ(finding(host, "kvm.exit_cost").verdict.status, Status::skip);
}

}  // namespace
}  // namespace kvmkit
