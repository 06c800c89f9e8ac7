// SPDX-License-Identifier: Apache-2.0
#include "check/launch_gate.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

constexpr Bytes gib = Bytes::mib(1024);

RunningVm vm(std::string name, unsigned vcpus, Bytes memory)
{
    RunningVm made;
    made.pid = 7;
    made.command.name = std::move(name);
    made.command.memory = memory;
    made.vcpus = vcpus;
    made.threads = std::vector<VmThread>{};
    return made;
}

/// A host of 4 CPUs and 17 GiB, of which guests can have 16.
RunningVms host(std::vector<RunningVm> vms)
{
    RunningVms running;
    running.vms = std::move(vms);
    running.online = CpuSet::parse("0-3");
    running.memory = MemoryFacts{.total = Bytes::mib(17408), .available = {}, .huge_page_pool = {}};
    return running;
}

TEST(LaunchGate, DrawsItsLinesWhereTheTableSays)
{
    struct Case {
        unsigned running_vcpus;
        Bytes running_memory;
        LaunchDemand demand;
        Strain cpu;
        Strain memory;
    };
    const std::vector<Case> cases{
        {0, {}, {1, 1, gib}, Strain::ok, Strain::ok},
        {7, gib, {1, 1, gib}, Strain::ok, Strain::ok},                        // 2.0 for each CPU
        {8, gib, {1, 1, gib}, Strain::note, Strain::ok},                      // 2.25
        {39, gib, {1, 1, gib}, Strain::note, Strain::ok},                     // 10
        {40, gib, {1, 1, gib}, Strain::warn, Strain::ok},                     // 10.25
        {63, gib, {1, 1, gib}, Strain::warn, Strain::ok},                     // 16
        {64, gib, {1, 1, gib}, Strain::refuse, Strain::ok},                   // 16.25
        {0, {}, {65, 1, Bytes::mib(16)}, Strain::refuse, Strain::ok},         // many at once count together
        {0, {}, {1, 5, gib}, Strain::warn, Strain::ok},                       // more than there are CPUs
        {1, Bytes::mib(13 * 1024), {1, 1, gib}, Strain::ok, Strain::ok},      // 0.89
        {1, Bytes::mib(14 * 1024), {1, 1, gib}, Strain::ok, Strain::warn},    // 0.95
        {1, Bytes::mib(15 * 1024), {1, 1, gib}, Strain::ok, Strain::refuse},  // 1.0 and what QEMU takes
        {1, gib, {8, 1, Bytes::mib(2048)}, Strain::note, Strain::refuse},
    };
    for (const Case& one : cases) {
        const auto gate = judge_launch(host({vm("db", one.running_vcpus, one.running_memory)}), {one.demand});
        const auto context = testing::Message() << one.running_vcpus << " vCPUs, " << human(one.running_memory)
                                                << " and " << one.demand.count << " of " << one.demand.vcpus;
        EXPECT_EQ(gate.cpu, one.cpu) << context;
        EXPECT_EQ(gate.memory, one.memory) << context << " ratio " << gate.memory_ratio.value_or(0);
        EXPECT_EQ(gate.reasons.empty(), gate.worst() == Strain::ok) << context;
    }
}

TEST(LaunchGate, SaysWhatIsCommittedByWhom)
{
    const auto gate =
        judge_launch(host({vm("small", 1, gib), vm("big", 2, Bytes::mib(8192)), vm("", 1, {})}), {{1, 2, gib}});
    EXPECT_EQ(gate.vcpus_before, 4U);
    EXPECT_EQ(gate.vcpus_after, 6U);
    EXPECT_DOUBLE_EQ(*gate.cpu_ratio, 1.5);
    EXPECT_EQ(gate.committed,
              (std::vector<std::string>{"'big': 2 vCPUs, 8 GiB", "'small': 1 vCPU, 1 GiB", "process 7: 1 vCPU, 0 B"}));
}

TEST(LaunchGate, CountsAVmInHugePagesAgainstTheirPool)
{
    auto big = vm("big", 1, Bytes::mib(8192));
    big.huge_pages = Bytes::mib(8192);
    auto running = host({big});
    running.memory = MemoryFacts{.total = Bytes::mib(17408), .available = {}, .huge_page_pool = Bytes::mib(8192)};
    const auto gate = judge_launch(running, {{1, 1, gib}});
    EXPECT_EQ(gate.memory_capacity, Bytes::mib(8192));
    EXPECT_LT(gate.memory_after, Bytes::mib(1300));
}

TEST(LaunchGate, TakesTheNewVmsHugePagesFromTheirPool)
{
    auto running = host({});
    running.memory = MemoryFacts{.total = Bytes::mib(17408), .available = {}, .huge_page_pool = Bytes::mib(2048)};
    const LaunchDemand huge{.count = 1, .vcpus = 1, .memory = gib, .in_huge_pages = true};
    auto gate = judge_launch(running, {huge, huge});
    EXPECT_EQ(gate.memory, Strain::ok) << "as large as the pool";
    EXPECT_EQ(gate.huge_after, Bytes::mib(2048));
    EXPECT_LT(gate.memory_after, Bytes::mib(200)) << "what QEMU takes beside";
    gate = judge_launch(running, {huge, huge, huge});
    EXPECT_EQ(gate.memory, Strain::refuse);
    EXPECT_EQ(gate.reasons,
              std::vector<std::string>{"3 GiB promised to VMs in huge pages, of 2 GiB that are set aside"});
}

TEST(LaunchGate, SeesWherePinningPutsVcpus)
{
    const LaunchDemand pinned{.count = 1, .vcpus = 2, .memory = Bytes::mib(16), .pinned = {3}};
    auto gate = judge_launch(host({}), {pinned});
    EXPECT_EQ(gate.cpu, Strain::warn);
    EXPECT_EQ(gate.reasons, std::vector<std::string>{"a VM of 2 vCPUs on 1 CPU: its own vCPUs wait for each other"});
    const LaunchDemand spread{.count = 10, .vcpus = 2, .memory = Bytes::mib(16), .pinned = {2, 3}};
    gate = judge_launch(host({}), {spread, {4, 1, Bytes::mib(16)}});
    EXPECT_EQ(gate.cpu_ratio, 6.0);
    ASSERT_TRUE(gate.densest);
    EXPECT_EQ(gate.densest->cpu, 2U);
    EXPECT_DOUBLE_EQ(gate.densest->vcpus, 11) << "ten that are pinned, and a quarter of four";
    EXPECT_EQ(gate.cpu, Strain::warn);
    EXPECT_EQ(gate.reasons.back(), "11.0 vCPUs on CPU 2 by pinning, where 10 is KubeVirt's default");
    EXPECT_FALSE(judge_launch(host({}), {{4, 1, Bytes::mib(16)}}).densest);
}

TEST(LaunchGate, DoesNotJudgeWhatItCannotTell)
{
    RunningVms unknown;
    unknown.online = Error{ErrorCode::permission, "hidden"};
    const auto gate = judge_launch(unknown, {{100, 100, Bytes::mib(1U << 20U)}});
    EXPECT_EQ(gate.worst(), Strain::ok);
    EXPECT_EQ(gate.cpu_ratio, std::nullopt);
    EXPECT_EQ(gate.memory_ratio, std::nullopt);
}

TEST(LaunchGate, LeavesTheHostWhatItNeeds)
{
    EXPECT_EQ(memory_for_guests(Bytes::mib(1024), {}), Bytes::mib(512)) << "a small host: half";
    EXPECT_EQ(memory_for_guests(Bytes::mib(4096), {}), Bytes::mib(3072)) << "1 GiB";
    EXPECT_EQ(memory_for_guests(Bytes::mib(102400), {}), Bytes::mib(97280)) << "5 %";
    EXPECT_EQ(memory_for_guests(Bytes::mib(4096), Bytes::mib(8192)), Bytes{}) << "a pool of nonsense";
    EXPECT_EQ(overhead_of(Bytes::mib(512), 2), Bytes::mib(81));
}

}  // namespace
}  // namespace kvmkit
