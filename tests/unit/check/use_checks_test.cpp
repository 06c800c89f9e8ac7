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

std::string evidence(const HostFacts& host, std::string_view id)
{
    return finding(host, id).verdict.evidence;
}

TEST(OtherVmm, NamesWhoUsesKvmAndWhatItCouldNotSee)
{
    HostFacts host = healthy();
    EXPECT_EQ(evidence(host, "conflict.other_vmm"), "not recorded: which processes use KVM");
    host.conflicts.kvm_users = known(KvmUsers{});
    EXPECT_EQ(evidence(host, "conflict.other_vmm"), "no process has KVM open");
    host.conflicts.kvm_users = known(KvmUsers{{}, 7});
    EXPECT_EQ(status(host, "conflict.other_vmm"), Status::skip);
    EXPECT_EQ(evidence(host, "conflict.other_vmm"), "the open files of 7 processes are for root to see");
    host.conflicts.kvm_users = known(KvmUsers{{{12, "qemu-system-x86", true}, {13, "libvirtd", false}}, 1});
    EXPECT_EQ(evidence(host, "conflict.other_vmm"),
              "KVM is used by qemu-system-x86 (12), libvirtd (13, no VM yet); the open files of 1 process are for root "
              "to see");
    host.conflicts.kvm_users = known(KvmUsers{std::vector<KvmUser>(6, KvmUser{9, "a", true}), 0});
    EXPECT_EQ(evidence(host, "conflict.other_vmm"), "KVM is used by a (9), a (9), a (9), a (9), 2 more");
    EXPECT_EQ(status(host, "conflict.other_vmm"), Status::pass);
    host.conflicts.kvm_users = Error{ErrorCode::permission, "no"};
    EXPECT_EQ(status(host, "conflict.other_vmm"), Status::unknown);
}

TEST(CreateVcpu, FailsWhereItHappensAndOnlyThere)
{
    HostFacts host = healthy();
    host.kvm.create_vcpu = known(Answer{-1, EIO});
    host.kvm.run_real = std::optional<GuestRun>{};
    host.kvm.run_long = std::optional<GuestRun>{};
    EXPECT_EQ(evidence(host, "kvm.create_vcpu"), "KVM_CREATE_VCPU failed: Input/output error (EIO)");
    EXPECT_EQ(finding(host, "kvm.run_real").because, "kvm.create_vcpu");
    EXPECT_EQ(finding(host, "kvm.run_long").because, "kvm.create_vcpu");
    EXPECT_EQ(summary(host).verdict, Readiness::unusable);
    EXPECT_EQ(summary(host).kvm, KvmState::broken);
}

TEST(CreateVcpu, IsProvenByAGuestWhereARecordingDoesNotHoldIt)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "kvm.create_vcpu"), Status::pass);
    host.kvm.run_real = std::optional<GuestRun>{};
    host.kvm.run_long = std::optional<GuestRun>{};
    EXPECT_EQ(evidence(host, "kvm.create_vcpu"), "not recorded: KVM_CREATE_VCPU");
    host.kvm.create_vcpu = known(Answer{});
    EXPECT_EQ(evidence(host, "kvm.create_vcpu"), "KVM creates a vCPU");
    host.kvm.create_vcpu = Error{ErrorCode::timeout, "the time was up"};
    EXPECT_EQ(status(host, "kvm.create_vcpu"), Status::unknown);
}

TEST(Watchdog, TellsWhetherAGuestCanBeStopped)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "kvm.watchdog"), Status::skip);
    host.kvm.watchdog = known(GuestRun{true, "", std::chrono::microseconds{2300}});
    EXPECT_EQ(evidence(host, "kvm.watchdog"),
              "a guest that loops for ever was ended by a timer, made and gone in 2.3 ms");
    host.kvm.watchdog = known(GuestRun{false, "the guest shut down by a triple fault", {}});
    EXPECT_EQ(status(host, "kvm.watchdog"), Status::fail);
    EXPECT_EQ(summary(host).verdict, Readiness::degraded);
    host.kvm.watchdog = Error{ErrorCode::timeout, "the time was up while ending a guest that loops for ever"};
    EXPECT_EQ(status(host, "kvm.watchdog"), Status::unknown);
    host.arch = known<std::string>("riscv64");
    EXPECT_EQ(status(host, "kvm.watchdog"), Status::skip);
}

TEST(Stats, TellByWhichCountersGuestsCanBeWatched)
{
    HostFacts host = healthy();
    EXPECT_EQ(status(host, "kvm.stats"), Status::skip);
    host.kvm.counters = known(std::size_t{57});
    EXPECT_EQ(evidence(host, "kvm.stats"), "57 counters of the whole host in /sys/kernel/debug/kvm");
    host.kvm.capabilities = known(KvmCapabilities{8, 1024, {}, true});
    EXPECT_EQ(evidence(host, "kvm.stats"),
              "each VM and vCPU has counters (KVM_GET_STATS_FD; QEMU: query-stats); 57 counters of the whole host in "
              "/sys/kernel/debug/kvm");
    host.kvm.counters = Error{ErrorCode::permission, "no"};
    EXPECT_EQ(status(host, "kvm.stats"), Status::pass);
    host.kvm.capabilities = known(KvmCapabilities{8, 1024, {}, false});
    EXPECT_EQ(status(host, "kvm.stats"), Status::skip);
    host.kvm.capabilities = Error{ErrorCode::timeout, "the time was up"};
    EXPECT_EQ(status(host, "kvm.stats"), Status::unknown);
}

TEST(VirtualBox, IsNamedWithItsVersionWhereItTellsOne)
{
    HostFacts host = healthy();
    host.conflicts.virtualbox = true;
    EXPECT_EQ(evidence(host, "conflict.virtualbox").rfind("vboxdrv is loaded", 0), 0U);
    host.conflicts.virtualbox_version = known<std::string>("7.0.14 r161095 (0x00330004)");
    EXPECT_EQ(evidence(host, "conflict.virtualbox").rfind("vboxdrv 7.0.14 r161095 (0x00330004) is loaded", 0), 0U);
}

}  // namespace
}  // namespace kvmkit
