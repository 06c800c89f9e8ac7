// SPDX-License-Identifier: Apache-2.0
#include "facts/task.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

/// As Linux 6.18 writes it, with the name put in.
std::string stat_of(const std::string& name)
{
    return "6968 (" + name +
           ") R 1 6943 4257 0 -1 138412416 5223 0 0 0 14 5 0 0 20 0 4 0 42262 1439948800 11509 18446744073709551615 "
           "94740970868736 94740976729173 140724235979616 0 0 0 268444224 4100 16451 0 0 0 17 1 0 0 0 0 0 "
           "94740979841272 "
           "94740985045424 94741688897536 140724235983387 140724235983484 140724235983484 140724235984860 0\n";
}

TEST(TaskStat, ReadsNameTimesAndCpu)
{
    const auto stat = parse_task_stat(stat_of("CPU 0/TCG"));
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->name, "CPU 0/TCG");
    EXPECT_EQ(stat->state, 'R');
    EXPECT_EQ(stat->used, milliseconds{190});
    EXPECT_EQ(stat->start_ticks, 42262U);
    EXPECT_EQ(stat->cpu, 1U);
}

TEST(TaskStat, IsNotFooledByNames)
{
    for (const std::string name :
         {"", ")", "(", ") S 9 9 9 (", "a b c", "\n", "((()))", "CPU 1/KVM (x) y", "\x1b[2J"}) {
        const auto stat = parse_task_stat(stat_of(name));
        ASSERT_TRUE(stat) << name;
        EXPECT_EQ(stat->name, name);
        EXPECT_EQ(stat->cpu, 1U);
    }
}

TEST(TaskStat, RefusesWhatIsNoSuchLine)
{
    for (const std::string_view text : {"",
                                        "1",
                                        "1 (a",
                                        "1 a) S",
                                        ")(",
                                        "1 (a) S 1 2 3",
                                        "1 (a) S 1 1 1 0 -1 0 0 0 0 0 x y 0 0 20 0 4 0 z 1 1",
                                        "1 (a) S 1 1 1 0 -1 0 0 0 0 0 99999999999999 0 0 0 20 0 4 0 1 1 1"}) {
        EXPECT_FALSE(parse_task_stat(text)) << text;
    }
    const auto old = parse_task_stat("1 (a) S 1 1 1 0 -1 0 0 0 0 0 1 2 0 0 20 0 4 0 77 1 1");
    ASSERT_TRUE(old);
    EXPECT_FALSE(old->cpu);
}

TEST(Schedstat, ReadsBothTimes)
{
    const auto times = parse_schedstat("113957896 16030634 103\n");
    ASSERT_TRUE(times);
    EXPECT_EQ(times->ran, nanoseconds{113'957'896});
    EXPECT_EQ(times->waited, nanoseconds{16'030'634});
    for (const std::string_view text : {"", "1", "a b c", "-1 0 0", "1 -2 3", "99999999999999999999 1 1"}) {
        EXPECT_FALSE(parse_schedstat(text)) << text;
    }
}

TEST(Status, FindsWholeKeysOnly)
{
    constexpr std::string_view status =
        "Name:\tVmRSS: 5 kB\nVmRSSx:\t1 kB\nVmRSS:\t   46092 kB\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\nVmSwap:\n";
    EXPECT_EQ(status_value(status, "Cpus_allowed_list"), "0-1");
    EXPECT_EQ(status_value(status, "Cpus_allowed"), "3");
    EXPECT_EQ(status_value(status, "Cpus"), "");
    EXPECT_EQ(status_size(status, "VmRSS"), Bytes::of(46092ULL * 1024));
    EXPECT_FALSE(status_size(status, "VmSwap"));
    EXPECT_FALSE(status_size("VmRSS:\t5 MB\n", "VmRSS"));
    EXPECT_FALSE(status_size("VmRSS:\t18446744073709551615 kB\n", "VmRSS"));
}

TEST(VcpuName, TellsVcpusFromOtherThreads)
{
    EXPECT_EQ(parse_vcpu_name("CPU 0/KVM")->vcpu, 0U);
    EXPECT_EQ(parse_vcpu_name("CPU 0/KVM")->accelerator, "kvm");
    EXPECT_EQ(parse_vcpu_name("CPU 1023/TCG\n")->vcpu, 1023U);
    EXPECT_EQ(parse_vcpu_name("ALL CPUs/TCG")->vcpu, std::nullopt);
    EXPECT_EQ(parse_vcpu_name("ALL CPUs/TCG")->accelerator, "tcg");
    for (const std::string_view name : {"",
                                        "qemu-system-x86",
                                        "CPU",
                                        "CPU /KVM",
                                        "CPU x/KVM",
                                        "CPU 0",
                                        "CPU -1/KVM",
                                        "IO iothread1",
                                        "kworker/0:1"}) {
        EXPECT_FALSE(parse_vcpu_name(name)) << name;
    }
}

}  // namespace
}  // namespace kvmkit
