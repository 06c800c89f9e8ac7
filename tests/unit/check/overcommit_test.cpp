// SPDX-License-Identifier: Apache-2.0
#include "check/overcommit.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

VmThread vcpu(int tid, unsigned number, std::string_view allowed = "0-3")
{
    VmThread thread;
    thread.tid = tid;
    thread.role = VmThread::Role::vcpu;
    thread.vcpu = number;
    thread.allowed = CpuSet::parse(allowed);
    thread.start_ticks = 100;
    thread.ran = seconds{1};
    thread.waited = seconds{0};
    return thread;
}

RunningVm vm(int pid, std::vector<VmThread> threads, Bytes memory = Bytes::mib(1024))
{
    RunningVm made;
    made.pid = pid;
    made.command.name = "vm" + std::to_string(pid);
    made.command.memory = memory;
    made.vcpus = static_cast<unsigned>(threads.size());
    made.threads = std::move(threads);
    return made;
}

RunningVms host(std::vector<RunningVm> running)
{
    RunningVms made;
    made.vms = std::move(running);
    made.online = CpuSet::parse("0-3");
    made.memory = MemoryFacts{.total = Bytes::mib(4096), .available = {}, .huge_page_pool = {}};
    made.cpu_pressure = Pressure{.some_avg10 = 1, .full_avg10 = 0};
    made.memory_pressure = Pressure{.some_avg10 = 0, .full_avg10 = 0};
    return made;
}

/// The load of a host on which each thread of `after` went on for a second.
VmLoad second(const RunningVms& after, std::chrono::duration<double> ran, std::chrono::duration<double> waited)
{
    VmLoad load{.span = VmLoad::Span::interval, .interval = seconds{1}, .of_thread = {}};
    for (const RunningVm& one : after.vms) {
        for (const VmThread& thread : one.known_threads()) {
            load.of_thread[thread.tid] = {ran.count(), waited.count()};
        }
    }
    return load;
}

TEST(VmLoad, IsWhatGrewBetweenTwoReadings)
{
    const auto before = host({vm(1, {vcpu(11, 0)})});
    auto after = before;
    after.vms[0].threads->front().ran = milliseconds{1250};
    after.vms[0].threads->front().waited = milliseconds{100};
    const auto load = load_between(before, after, milliseconds{500});
    EXPECT_DOUBLE_EQ(load.of(11).running.value(), 0.5);
    EXPECT_DOUBLE_EQ(load.of(11).waiting.value(), 0.2);
    EXPECT_FALSE(load.of(12).running);
}

TEST(VmLoad, StaysBetweenNothingAndAll)
{
    const auto before = host({vm(1, {vcpu(11, 0)})});
    auto after = before;
    after.vms[0].threads->front().ran = milliseconds{2100};
    EXPECT_DOUBLE_EQ(load_between(before, after, seconds{1}).of(11).running.value(), 1.0);
    EXPECT_DOUBLE_EQ(load_between(after, before, seconds{1}).of(11).running.value(), 0.0);
    EXPECT_FALSE(load_between(before, after, seconds{0}).of(11).running);
}

TEST(VmLoad, TakesAReusedThreadIdForANewThread)
{
    const auto before = host({vm(1, {vcpu(11, 0)})});
    auto after = before;
    after.vms[0].threads->front().start_ticks = 200;
    EXPECT_FALSE(load_between(before, after, seconds{1}).of(11).running);
}

TEST(VmLoad, SinceStartNeedsTheUptime)
{
    auto vms = host({vm(1, {vcpu(11, 0)})});
    EXPECT_EQ(load_since_start(vms).span, VmLoad::Span::none);
    vms.uptime = milliseconds{5000};  // it started one second after boot
    EXPECT_DOUBLE_EQ(load_since_start(vms).of(11).running.value(), 0.25);
    vms.uptime = milliseconds{500};  // a recording that does not fit together
    EXPECT_FALSE(load_since_start(vms).of(11).running);
}

TEST(Overcommit, CountsVcpusPerUsableCpu)
{
    const auto vms = host({vm(1, {vcpu(11, 0), vcpu(12, 1)}), vm(2, {vcpu(21, 0)})});
    const auto cpu = judge_overcommit(vms, {}).cpu;
    EXPECT_EQ(cpu.vcpus, 3U);
    EXPECT_DOUBLE_EQ(cpu.ratio.value(), 0.75);
    EXPECT_DOUBLE_EQ(cpu.densest->vcpus, 0.75);
}

TEST(Overcommit, SeesThatPinnedVmsShareFewerCpus)
{
    const auto vms = host({vm(1, {vcpu(11, 0, "0"), vcpu(12, 1, "0-1")}), vm(2, {vcpu(21, 0, "0,9")})});
    const auto cpu = judge_overcommit(vms, {}).cpu;
    EXPECT_EQ(cpu.usable, CpuSet::parse("0-1"));
    EXPECT_DOUBLE_EQ(cpu.ratio.value(), 1.5);
    EXPECT_EQ(cpu.densest->cpu, 0U);
    EXPECT_DOUBLE_EQ(cpu.densest->vcpus, 2.5);
}

TEST(Overcommit, IsSilentOnWhatCouldNotBeRead)
{
    auto vms = host({vm(1, {vcpu(11, 0)})});
    vms.online = Error{ErrorCode::permission, "no"};
    vms.memory = Error{ErrorCode::permission, "no"};
    vms.vms[0].vcpus = std::nullopt;
    vms.vms[0].command.memory = std::nullopt;
    vms.vms[0].threads = Error{ErrorCode::permission, "no"};
    const auto judged = judge_overcommit(vms, {});
    EXPECT_FALSE(judged.cpu.ratio);
    EXPECT_EQ(judged.cpu.vms_unknown, 1U);
    EXPECT_FALSE(judged.memory.ratio);
    EXPECT_EQ(judged.memory.vms_unknown, 1U);
}

TEST(Overcommit, CountsHugePagesAgainstTheirPool)
{
    auto vms = host({vm(1, {vcpu(11, 0)}, Bytes::mib(1536)), vm(2, {vcpu(21, 0)}, Bytes::mib(1024))});
    vms.memory = MemoryFacts{.total = Bytes::mib(4096), .available = {}, .huge_page_pool = Bytes::mib(1024)};
    vms.vms[1].huge_pages = Bytes::mib(1024);
    const auto memory = judge_overcommit(vms, {}).memory;
    EXPECT_EQ(memory.promised, Bytes::mib(1536));
    EXPECT_DOUBLE_EQ(memory.ratio.value(), 0.5);
    EXPECT_DOUBLE_EQ(memory.ratio_huge.value(), 1.0);
}

TEST(Pain, IsFeltByTheVcpuThatWaitsLongest)
{
    const auto vms = host({vm(1, {vcpu(11, 0), vcpu(12, 1)})});
    auto load = second(vms, milliseconds{500}, milliseconds{10});
    EXPECT_EQ(judge_overcommit(vms, load).pain.now, false);
    load.of_thread[12].waiting = painful_waiting;
    const auto pain = judge_overcommit(vms, load).pain;
    EXPECT_EQ(pain.now, true);
    EXPECT_EQ(pain.worst->tid, 12);
    EXPECT_EQ(pain.reasons, std::vector<std::string>{"vCPU 1 of VM 'vm1' waits 5 % of its time for a CPU"});
    EXPECT_DOUBLE_EQ(pain.mean_waiting.value(), 0.03);
}

TEST(Pain, DoesNotBlameVmsForOtherTasksThatWait)
{
    auto vms = host({vm(1, {vcpu(11, 0)})});
    vms.cpu_pressure = Pressure{.some_avg10 = 90, .full_avg10 = 0};
    EXPECT_EQ(judge_overcommit(vms, second(vms, milliseconds{10}, milliseconds{0})).pain.now, false);
}

TEST(Pain, GoesByPressureWhereWaitingIsNotMeasured)
{
    auto vms = host({vm(1, {vcpu(11, 0)})});
    EXPECT_EQ(judge_overcommit(vms, {}).pain.now, false);
    vms.cpu_pressure = Pressure{.some_avg10 = painful_cpu_pressure, .full_avg10 = 0};
    EXPECT_EQ(judge_overcommit(vms, {}).pain.now, true);
    VmLoad since_start{.span = VmLoad::Span::since_start, .interval = {}, .of_thread = {{11, {0.5, 0.5}}}};
    vms.cpu_pressure = Pressure{.some_avg10 = 0, .full_avg10 = 0};
    EXPECT_EQ(judge_overcommit(vms, since_start).pain.now, false);
}

TEST(Pain, IsFeltWhenEverythingWaitsForMemory)
{
    auto vms = host({vm(1, {vcpu(11, 0)})});
    vms.memory_pressure = Pressure{.some_avg10 = 40, .full_avg10 = 12};
    const auto pain = judge_overcommit(vms, second(vms, milliseconds{10}, milliseconds{0})).pain;
    EXPECT_EQ(pain.now, true);
    EXPECT_EQ(pain.reasons, std::vector<std::string>{"all tasks waited for memory 12 % of the last 10 s"});
}

TEST(Pain, IsUnknownWithoutAWitness)
{
    auto vms = host({vm(1, {vcpu(11, 0)})});
    vms.cpu_pressure = Error{ErrorCode::unsupported, "psi=0"};
    const auto pain = judge_overcommit(vms, {}).pain;
    EXPECT_FALSE(pain.now);
    EXPECT_EQ(pain.reasons.size(), 1U);
    EXPECT_EQ(judge_overcommit(host({}), {}).pain.now, false);
}

}  // namespace
}  // namespace kvmkit
