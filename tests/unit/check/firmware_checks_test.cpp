// SPDX-License-Identifier: Apache-2.0
#include "support/healthy_host.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using testing_support::status;
using testing_support::summary;
using Log = std::vector<std::string>;

/// An AMD machine of an older kernel: the flag shows, although the firmware switched SVM off.
HostFacts switched_off()
{
    HostFacts host = healthy();
    host.cpu = known(CpuFacts{"AuthenticAMD", "Ryzen", {"fpu", "lm", "svm", "npt"}});
    host.kvm = {};
    host.kvm.modules = known(std::set<std::string>{"kvm"});
    host.kernel_log = known(Log{"kvm: Nested Virtualization enabled", "kvm: support for 'kvm_amd' disabled by bios"});
    return host;
}

TEST(KernelLog, BlamesTheFirmwareWhereTheFlagStillShows)
{
    const HostFacts host = switched_off();
    const auto found = finding(host, "fw.kernel_log");
    EXPECT_EQ(found.verdict.status, Status::fail);
    EXPECT_EQ(found.verdict.evidence, "the kernel says \"kvm: support for 'kvm_amd' disabled by bios\"");
    EXPECT_EQ(found.verdict.remedy->where, Where::firmware);
    EXPECT_EQ(finding(host, "kvm.module").because, "fw.kernel_log");
    EXPECT_EQ(summary(host).verdict, Readiness::unusable);
}

TEST(KernelLog, KnowsTheWordsOfAllGenerationsOfKernels)
{
    HostFacts host = switched_off();
    for (const auto* line : {"kvm: disabled by bios",
                             "x86/cpu: VMX (outside TXT) disabled by BIOS",
                             "kvm_intel: VMX not enabled (by BIOS) in MSR_IA32_FEAT_CTL on CPU 3",
                             "kvm_amd: SVM disabled (by BIOS) in MSR_VM_CR on CPU 0"}) {
        host.kernel_log = known(Log{line});
        EXPECT_EQ(status(host, "fw.kernel_log"), Status::fail) << line;
    }
    for (const auto* line : {"kvm: no hardware support", "kvm_amd: SVM not supported by CPU 0", "kvm: exiting"}) {
        host.kernel_log = known(Log{line});
        EXPECT_EQ(status(host, "fw.kernel_log"), Status::pass) << line;
    }
}

TEST(KernelLog, IsWrongWhereKvmWorksAndSilentWhereItCannotBeRead)
{
    HostFacts host = switched_off();
    host.kvm.create_vm = known(Answer{});
    EXPECT_EQ(status(host, "fw.kernel_log"), Status::pass);
    host.kernel_log = Error{ErrorCode::permission, "cannot open '/dev/kmsg': Operation not permitted (EPERM)"};
    EXPECT_EQ(status(host, "fw.kernel_log"), Status::skip);
    host.kernel_log = std::optional<Log>{};
    EXPECT_EQ(finding(host, "fw.kernel_log").verdict.evidence, "not recorded: the kernel's log");
}

TEST(KernelLog, TellsAVmsOperatorInsteadOfTheFirmware)
{
    HostFacts host = switched_off();
    host.underlay = known(UnderlayFacts{Underlay::vmware, "DMI"});
    EXPECT_EQ(finding(host, "fw.kernel_log").verdict.remedy->where, Where::hypervisor);
}

HostFacts with_lock(std::uint64_t value)
{
    HostFacts host = healthy();
    host.kernel_settings.feature_control = known(value);
    return host;
}

TEST(Txt, IsJudgedByHowTheKernelWasStarted)
{
    EXPECT_EQ(status(with_lock(0x5), "fw.txt"), Status::pass);
    EXPECT_EQ(status(with_lock(0x7), "fw.txt"), Status::pass);
    EXPECT_EQ(status(with_lock(0x0), "fw.txt"), Status::pass);
    EXPECT_EQ(status(with_lock(0x1), "fw.txt"), Status::skip);
    EXPECT_EQ(status(with_lock(0x1), "fw.lock_msr"), Status::warn);
    EXPECT_EQ(status(with_lock(0x3), "fw.txt"), Status::warn);
    EXPECT_EQ(finding(with_lock(0x3), "fw.lock_msr").because, "fw.txt");
    HostFacts host = with_lock(0x3);
    host.kernel_log = known(Log{"tboot: found shared page at phys addr 0x9d000:"});
    EXPECT_EQ(status(host, "fw.txt"), Status::pass);
    EXPECT_EQ(status(host, "fw.lock_msr"), Status::pass);
    host = with_lock(0x5);
    host.kernel_settings.tboot = true;
    EXPECT_EQ(status(host, "fw.txt"), Status::warn);
}

TEST(Txt, IsIntelsAlone)
{
    HostFacts host = with_lock(0x3);
    host.cpu = known(CpuFacts{"AuthenticAMD", "EPYC", {"svm"}});
    EXPECT_EQ(status(host, "fw.txt"), Status::skip);
    host = with_lock(0x3);
    host.arch = known<std::string>("loongarch64");
    EXPECT_EQ(status(host, "fw.txt"), Status::skip);
    host = healthy();
    EXPECT_EQ(status(host, "fw.txt"), Status::skip);
    host.kernel_settings.feature_control = Error{ErrorCode::permission, "cannot open '/dev/cpu/0/msr'"};
    EXPECT_EQ(finding(host, "fw.txt").verdict.evidence, "cannot open '/dev/cpu/0/msr'");
}

}  // namespace
}  // namespace kvmkit
