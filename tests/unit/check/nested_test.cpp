// SPDX-License-Identifier: Apache-2.0
#include "report/nested.hpp"
#include "check/recommendation.hpp"
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
    const auto found = finding(refusing({{0xc0011029, 0}}), "kvm.msr_writeback");
    ASSERT_TRUE(found.verdict.remedy);
    EXPECT_NE(found.verdict.remedy->commands.front().find("ignore_msrs"), std::string::npos);
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
