// SPDX-License-Identifier: Apache-2.0
#include "report/verdict_line.hpp"
#include "report/nagios.hpp"
#include "report/text.hpp"
#include "support/healthy_host.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::healthy;
using testing_support::known;

/// There is no /dev/kvm.
HostFacts without_device()
{
    HostFacts host = healthy();
    host.kvm.node = std::optional<DeviceNode>{};
    host.kvm.open = std::optional<Answer>{};
    clear_answers(host.kvm);
    return host;
}

std::string line(const HostFacts& host)
{
    return verdict_line(make_report(host));
}

bool holds(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

TEST(VerdictLine, SaysOfAReadyHostWhatWorksAndWhere)
{
    HostFacts host = healthy();
    EXPECT_EQ(line(host), "READY: KVM works (Intel VT-x, bare metal; a guest ran at native speed)");
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"fpu", "svm"}});
    host.underlay = known(UnderlayFacts{Underlay::kvm, "DMI"});
    EXPECT_EQ(line(host), "READY: KVM works (AMD SVM, a KVM guest; a guest ran at native speed)");
    host.underlay = std::optional<UnderlayFacts>{};
    EXPECT_EQ(line(host), "READY: KVM works (AMD SVM; a guest ran at native speed)");
}

TEST(VerdictLine, OfAReadyHostIsFollowedByNestingAndTheNextStep)
{
    HostFacts host = healthy();
    EXPECT_EQ(what_next(make_report(host)),
              "nested: offered, not proved; prove it with: kvm-check nested --prove\n"
              "next: vm-run launch NAME --image FILE\n");
    host.kvm.nested_run = known(GuestRun{true, "", std::chrono::microseconds{900}});
    EXPECT_TRUE(holds(what_next(make_report(host)), "nested: proved"));
    EXPECT_EQ(what_next(make_report(without_device())), "");
}

TEST(VerdictLine, NamesTheFirmware)
{
    HostFacts host = without_device();
    host.cpu = known(CpuFacts{"GenuineIntel", "Core", {"fpu", "lm"}});
    EXPECT_EQ(line(host), "NOT USABLE: VT-x is switched off in firmware (the CPU has it)");
    const auto text = to_text(make_report(host), Detail::problems, Paint::plain);
    EXPECT_TRUE(holds(text, "\n1 cause, ")) << text;
    EXPECT_TRUE(holds(text, " checks skipped because of it: cpu.virt_ext\ncheck again with: kvm-check\n")) << text;
    EXPECT_TRUE(holds(text, "accelerator: tcg meanwhile (there is no /dev/kvm)")) << text;
}

TEST(VerdictLine, SaysHereWhereSomebodyElseIsToAct)
{
    HostFacts host = without_device();
    host.cpu = known(CpuFacts{"GenuineIntel", "Core", {"fpu", "lm", "hypervisor"}});
    host.cpuid = known(CpuidFacts{.hypervisor = true});
    host.underlay = known(UnderlayFacts{Underlay::vmware, "DMI"});
    EXPECT_EQ(line(host), "NOT USABLE HERE: VMware guest, VT-x not exposed");
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"fpu", "lm", "hypervisor"}});
    host.underlay = known(UnderlayFacts{Underlay::azure, "DMI"});
    EXPECT_EQ(line(host), "NOT USABLE HERE: Azure VM, AMD-V not exposed");
}

TEST(VerdictLine, NamesWhatStandsBetweenKvmAndItsUser)
{
    HostFacts host = without_device();
    EXPECT_EQ(line(host), "NOT USABLE: there is no node /dev/kvm");
    host.container = known(ContainerFacts{"docker", "/.dockerenv"});
    EXPECT_EQ(line(host), "NOT USABLE: this container was started without /dev/kvm");
    host.kvm.modules = known(std::set<std::string>{});
    EXPECT_EQ(line(host), "NOT USABLE: the module kvm_intel is not loaded: modprobe kvm_intel");
    host = healthy();
    clear_answers(host.kvm);
    host.kvm.open = known(Answer{-1, EACCES});
    EXPECT_EQ(
        line(host),
        "NOT USABLE: user alice may not open /dev/kvm: put alice into the group \"kvm\" as root, then log in again");
}

TEST(VerdictLine, TellsEmulationFromProofThatIsMissing)
{
    HostFacts host = healthy();
    host.kvm.speed = known(GuestSpeed{1000, {}, 0.5});
    EXPECT_EQ(line(host), "DEGRADED: KVM opens, but runs guests by emulation only: use TCG");
    host.kvm.modules = known(std::set<std::string>{"kvm", "kvm_pvm"});
    EXPECT_EQ(line(host), "DEGRADED: KVM-PVM opens, but runs guests by emulation only: use TCG");
    host = healthy();
    host.kvm.run_real = host.kvm.run_long = Error{ErrorCode::unsupported, "no guest code"};
    EXPECT_EQ(line(host), "UNKNOWN: KVM creates virtual machines, but no guest was run: not proved");
    HostFacts nothing;
    nothing.kvm.node = Error{ErrorCode::not_found, "not recorded: the folder dev"};
    nothing.kvm.open = Error{ErrorCode::not_found, "not recorded: the folder dev"};
    forget_answers(nothing.kvm, nothing.kvm.open.error());
    EXPECT_EQ(line(nothing), "UNKNOWN: cannot tell whether KVM works");
}

TEST(VerdictLine, OfASelectionSaysWhatItsChecksSayFirst)
{
    const HostFacts host = without_device();
    const Report chosen = make_report(host, {.only = {"net.tun"}});
    ASSERT_EQ(chosen.summary.verdict, Readiness::ready);
    EXPECT_EQ(verdict_line(chosen),
              "READY by 1 of " + std::to_string(chosen.catalogue_size) +
                  " checks; by all of them NOT USABLE: KVM is not available on this host: use TCG");
    EXPECT_EQ(to_nagios(chosen).rfind("KVM OK - READY by 1 of ", 0), 0U) << to_nagios(chosen);
    EXPECT_EQ(verdict_line(make_report(host, {.only = {"kvm.device"}})), line(host));
}

TEST(VerdictLine, DoesNotCallMissingWhatIsNotKnown)
{
    HostFacts host = healthy();
    host.kvm.offer = Error{ErrorCode::timeout, "the time was up"};
    const Report report = make_report(host, {.require = {"nested.offered"}});
    ASSERT_EQ(report.summary.verdict, Readiness::unknown);
    EXPECT_EQ(
        verdict_line(report),
        "UNKNOWN: KVM works (Intel VT-x, bare metal; a guest ran at native speed), but whether all that was asked "
        "for is there is not known");
}

}  // namespace
}  // namespace kvmkit
