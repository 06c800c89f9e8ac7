// SPDX-License-Identifier: Apache-2.0
#include "probe/vms.hpp"
#include "support/fake_host.hpp"

#include <chrono>
#include <filesystem>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using Role = VmThread::Role;

const std::string qemu = "/usr/bin/qemu-system-x86_64";
const std::string comm = "qemu-system-x86";

class RunningVmsTest : public ::testing::Test {
protected:
    void named_vm(int pid, const std::string& accelerator = "KVM") const
    {
        host_.process(
            pid, comm, {qemu, "-name", "guest=web,debug-threads=on", "-accel", "kvm", "-smp", "2", "-m", "1G"});
        host_.thread(pid, {.tid = pid + 2, .name = "CPU 1/" + accelerator, .cpu = 3, .allowed = "2-3"});
        host_.thread(pid, {.tid = pid + 1, .name = "CPU 0/" + accelerator, .cpu = 1, .allowed = "1"});
        host_.thread(pid, {.tid = pid + 3, .name = "IO mon_iothread"});
    }

    [[nodiscard]] RunningVms read() const
    {
        auto found = read_vms(host_.root());
        EXPECT_TRUE(found && *found);
        return found && *found ? std::move(**found) : RunningVms{};
    }

    testing::FakeHost host_;
};

TEST_F(RunningVmsTest, ShowsEachVcpuWithItsCpu)
{
    named_vm(100);
    const auto found = read();
    ASSERT_EQ(found.vms.size(), 1U);
    const RunningVm& vm = found.vms.front();
    EXPECT_EQ(vm.pid, 100);
    EXPECT_EQ(vm.command.name, "web");
    EXPECT_EQ(vm.accelerator, "kvm");
    EXPECT_EQ(vm.vcpus, 2U);
    EXPECT_EQ(vm.resident, Bytes::mib(1));
    EXPECT_TRUE(vm.threads_named());
    ASSERT_EQ(vm.threads->size(), 2U);
    const VmThread& first = vm.threads->front();
    EXPECT_EQ(first.vcpu, 0U);
    EXPECT_EQ(first.tid, 101);
    EXPECT_EQ(first.cpu, 1U);
    EXPECT_EQ(first.allowed, CpuSet::parse("1"));
    EXPECT_EQ(first.ran, std::chrono::seconds{1});
    EXPECT_EQ(first.waited, std::chrono::milliseconds{50});
    EXPECT_EQ(vm.threads->back().cpu, 3U);
    EXPECT_EQ(found.online.value(), CpuSet::parse("0-3"));
}

TEST_F(RunningVmsTest, CountsThreadsRatherThanOptionsAfterAHotplug)
{
    named_vm(100);
    host_.thread(100, {.tid = 200, .name = "CPU 2/KVM"});
    EXPECT_EQ(read().vms.front().vcpus, 3U);
}

TEST_F(RunningVmsTest, TrustsTheThreadOverTheCommandLineForTheAccelerator)
{
    named_vm(100, "TCG");
    EXPECT_EQ(read().vms.front().accelerator, "tcg");
}

TEST_F(RunningVmsTest, KnowsTheThreadThatRunsAllVcpus)
{
    host_.process(7, comm, {qemu, "-name", "x,debug-threads=on", "-smp", "4"});
    host_.thread(7, {.tid = 8, .name = "ALL CPUs/TCG"});
    const auto vm = read().vms.front();
    ASSERT_EQ(vm.threads->size(), 1U);
    EXPECT_EQ(vm.threads->front().role, Role::all_vcpus);
    EXPECT_EQ(vm.vcpus, 4U);
}

TEST_F(RunningVmsTest, ClaimsNoVcpuWhereThreadsCarryNoNames)
{
    host_.process(7, comm, {qemu, "-name", "plain", "-smp", "2"});
    host_.thread(7, {.tid = 8, .name = comm});
    host_.thread(7, {.tid = 9, .name = comm});
    host_.thread(7, {.tid = 10, .name = "vhost-7"});
    const auto vm = read().vms.front();
    EXPECT_FALSE(vm.threads_named());
    ASSERT_EQ(vm.threads->size(), 2U);
    EXPECT_EQ(vm.threads->front().role, Role::unnamed);
    EXPECT_EQ(vm.threads->front().vcpu, std::nullopt);
    EXPECT_EQ(vm.vcpus, 2U);
}

TEST_F(RunningVmsTest, LeavesOutWhatIsNoVm)
{
    host_.process(2, "kvm-nx-lpage-re", {});                                 // a kernel thread
    host_.process(3, comm, {}, 'Z');                                         // a zombie
    host_.process(4, "virtqemud", {"/usr/sbin/virtqemud"});                  // libvirt
    host_.process(5, comm, {qemu, "-S", "-machine", "none,accel=kvm:tcg"});  // libvirt asks for capabilities
    host_.process(6, "grep", {"grep", "qemu-system-x86_64"});                // names it, is none
    host_.folder().write("proc/8/cmdline", qemu);                            // vanished half-way
    host_.folder().write("proc/self/cmdline", qemu);
    EXPECT_TRUE(read().vms.empty());
}

TEST_F(RunningVmsTest, GoesByTheProgramWhereTheKernelTellsIt)
{
    host_.process(4, comm, {"/bin/sh", "/usr/local/bin/qemu-system-x86_64"});  // a script of that name
    host_.process(5, "web", {"renamed", "-name", "web,process=web"});
    std::filesystem::create_symlink("/usr/bin/dash", host_.folder().path() / "proc/4/exe");
    std::filesystem::create_symlink("/usr/bin/qemu-system-x86_64 (deleted)", host_.folder().path() / "proc/5/exe");
    const auto found = read();
    ASSERT_EQ(found.vms.size(), 1U);
    EXPECT_EQ(found.vms.front().pid, 5);
}

TEST_F(RunningVmsTest, GoesByTheNameWhereItDoesNot)
{
    host_.process(4, "kvm", {"/usr/bin/kvm", "-id", "100"});  // Proxmox
    host_.process(5, "qemu-kvm", {"/usr/libexec/qemu-kvm"});
    host_.process(6, comm, {"renamed"});
    EXPECT_EQ(read().vms.size(), 3U);
}

TEST_F(RunningVmsTest, CountsCoarselyWithoutSchedstat)
{
    host_.process(7, comm, {qemu, "-name", "x,debug-threads=on"});
    host_.thread(7, {.tid = 8, .name = "CPU 0/KVM", .schedstat = ""});
    const auto vm = read().vms.front();
    EXPECT_EQ(vm.threads->front().ran, std::chrono::seconds{3});
    EXPECT_EQ(vm.threads->front().waited, std::nullopt);
}

TEST_F(RunningVmsTest, TellsAbsentFromBroken)
{
    const testing::TemporaryFolder empty;
    const auto nothing = read_vms(Root::open(empty.path()).value());
    ASSERT_TRUE(nothing);
    EXPECT_FALSE(*nothing);
    EXPECT_EQ(read().cpu_pressure.value(), std::nullopt);
    host_.folder().write("proc/meminfo", "nonsense");
    EXPECT_FALSE(read().memory);
}

}  // namespace
}  // namespace kvmkit
