// SPDX-License-Identifier: Apache-2.0
#include "support/healthy_host.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;
using testing_support::healthy;
using testing_support::known;
using testing_support::status;
using Commands = std::vector<std::string>;

template <class Change>
HostFacts with_process(Change change)
{
    HostFacts host = healthy();
    ProcessFacts process;
    process.uid = 1000;
    change(process);
    host.resources.process = known(process);
    return host;
}

TEST(Resources, AreSkippedWhereNothingWasRecorded)
{
    for (const auto* id : {"mem.available",
                           "mem.hugepages",
                           "mem.memlock",
                           "mem.overcommit",
                           "mem.ksm",
                           "cg.controllers",
                           "limits.pids",
                           "limits.nofile",
                           "time.clocksource",
                           "numa.balancing"}) {
        EXPECT_EQ(status(healthy(), id), Status::skip) << id;
        EXPECT_EQ(finding(healthy(), id).verdict.evidence.rfind("not recorded: ", 0), 0U) << id;
    }
}

TEST(Memory, MustBeEnoughForASmallGuest)
{
    HostFacts host = healthy();
    host.resources.memory = known(MemoryFacts{Bytes::mib(8192), Bytes::mib(4096), Bytes{}});
    EXPECT_EQ(status(host, "mem.available"), Status::pass);
    host.resources.memory = known(MemoryFacts{Bytes::mib(8192), Bytes::mib(900), Bytes{}});
    EXPECT_EQ(status(host, "mem.available"), Status::warn);
    host.resources.memory = known(MemoryFacts{Bytes::mib(8192), std::nullopt, Bytes{}});
    EXPECT_EQ(status(host, "mem.available"), Status::skip);
    host.resources.memory = Error{ErrorCode::permission, "cannot read it"};
    EXPECT_EQ(status(host, "mem.available"), Status::unknown);
}

TEST(Memory, IsBoundByTheControlGroup)
{
    HostFacts host = with_process([](ProcessFacts& process) { process.memory_left = Bytes::mib(512); });
    host.resources.memory = known(MemoryFacts{Bytes::mib(8192), Bytes::mib(4096), Bytes{}});
    EXPECT_EQ(status(host, "mem.available"), Status::warn);
    EXPECT_NE(finding(host, "mem.available").verdict.evidence.find("512 MiB"), std::string::npos);
}

TEST(HugePages, AreTold)
{
    HostFacts host = healthy();
    host.resources.promises = known(MemoryPromises{std::nullopt, std::nullopt, 8, 2, Bytes::mib(2)});
    EXPECT_EQ(finding(host, "mem.hugepages").verdict.evidence, "2 of 8 huge pages of 2 MiB are free");
    host.resources.promises = known(MemoryPromises{});
    host.resources.transparent_pages = known<std::string>("madvise");
    EXPECT_EQ(finding(host, "mem.hugepages").verdict.evidence,
              "no huge pages are set aside; transparent ones: madvise");
}

TEST(LockedMemory, IsBoundedOnMostHostsAndNoNews)
{
    EXPECT_EQ(status(with_process([](ProcessFacts& process) {
                         process.locked_memory = ResourceLimit{8388608, 8388608};
                     }),
                     "mem.memlock"),
              Status::skip);
    const auto needed = finding(with_process([](ProcessFacts& process) {
                                    process.locked_memory = ResourceLimit{8388608, 8388608};
                                }),
                                "mem.memlock");
    ASSERT_TRUE(needed.verdict.if_required);
    EXPECT_EQ(needed.verdict.if_required->commands,
              (Commands{"echo 'alice - memlock unlimited' >/etc/security/limits.d/memlock.conf"}));
    EXPECT_EQ(
        status(with_process([](ProcessFacts& process) { process.locked_memory = ResourceLimit{}; }), "mem.memlock"),
        Status::pass);
}

TEST(Limits, OfAnotherUserAreNotKnown)
{
    HostFacts host = with_process([](ProcessFacts& process) {
        process.open_files = ResourceLimit{16, 16};
        process.tasks_left = 1;
    });
    host.user = known(UserFacts{"bob", 1001, {1001}});
    for (const auto* id : {"mem.memlock", "limits.pids", "limits.nofile"}) {
        EXPECT_EQ(status(host, id), Status::skip) << id;
    }
}

TEST(Limits, MustLetQemuStart)
{
    EXPECT_EQ(status(with_process([](ProcessFacts& process) { process.tasks_left = 12; }), "limits.pids"),
              Status::warn);
    EXPECT_EQ(status(with_process([](ProcessFacts& process) {
                         process.tasks = ResourceLimit{20, 20};
                     }),
                     "limits.pids"),
              Status::warn);
    EXPECT_EQ(status(with_process([](ProcessFacts& process) {
                         process.tasks = ResourceLimit{20000, 20000};
                         process.tasks_left = 4000;
                     }),
                     "limits.pids"),
              Status::pass);
    EXPECT_EQ(status(with_process([](ProcessFacts& process) {
                         process.open_files = ResourceLimit{256, 512};
                     }),
                     "limits.nofile"),
              Status::warn);
    EXPECT_EQ(status(with_process([](ProcessFacts& process) {
                         process.open_files = ResourceLimit{1024, 524288};
                     }),
                     "limits.nofile"),
              Status::pass);
    HostFacts host = with_process([](ProcessFacts& process) { process.open_files = ResourceLimit{256, 524288}; });
    EXPECT_EQ(status(host, "limits.nofile"), Status::pass);
    host.qemu.version = known<std::string>("9.0.1");
    EXPECT_EQ(status(host, "limits.nofile"), Status::pass);
    host.qemu.version = known<std::string>("8.2.2");  // does not raise the soft one
    EXPECT_EQ(status(host, "limits.nofile"), Status::warn);
    EXPECT_EQ(finding(host, "limits.nofile").verdict.remedy->commands, std::vector<std::string>{"ulimit -Sn 1024"});
    EXPECT_EQ(
        status(with_process([](ProcessFacts& process) { process.open_files = ResourceLimit{}; }), "limits.nofile"),
        Status::pass);
}

TEST(Overcommit, IsWarnedOfWhereLittleMayBePromised)
{
    HostFacts host = healthy();
    host.resources.overcommit = known<std::string>("0");
    EXPECT_EQ(status(host, "mem.overcommit"), Status::pass);
    host.resources.overcommit = known<std::string>("2");
    host.resources.promises = known(MemoryPromises{Bytes::mib(4096), Bytes::mib(1024), 0, 0, std::nullopt});
    EXPECT_EQ(status(host, "mem.overcommit"), Status::pass);
    host.resources.promises = known(MemoryPromises{Bytes::mib(4096), Bytes::mib(5000), 0, 0, std::nullopt});
    EXPECT_EQ(status(host, "mem.overcommit"), Status::warn);
}

TEST(Controllers, AreMissedOnlyByWhoRequiresThem)
{
    HostFacts host = healthy();
    host.resources.cgroups =
        known(ControlGroups{ControlGroups::Version::v2, {"cpu", "cpuset", "memory", "io", "pids"}});
    EXPECT_EQ(status(host, "cg.controllers"), Status::pass);
    host.resources.cgroups =
        known(ControlGroups{ControlGroups::Version::v1, {"cpu", "cpuset", "memory", "blkio", "pids"}});
    EXPECT_EQ(status(host, "cg.controllers"), Status::pass);
    host.resources.cgroups = known(ControlGroups{ControlGroups::Version::v2, {"cpu", "cpuset", "io", "pids"}});
    host.kernel_settings.command_line = known<std::string>("cgroup_disable=memory");
    const auto found = finding(host, "cg.controllers");
    EXPECT_EQ(found.verdict.status, Status::skip);
    ASSERT_TRUE(found.verdict.if_required);
    EXPECT_EQ(found.verdict.if_required->commands.front(),
              "sed -i 's/\\bcgroup_disable=memory\\b//' /etc/default/grub $(ls /etc/default/grub.d/*.cfg 2>/dev/null)");
}

TEST(Clock, IsSlowOnHardwareWithoutTheTsc)
{
    HostFacts host = healthy();
    host.resources.clocksource = known<std::string>("tsc");
    EXPECT_EQ(status(host, "time.clocksource"), Status::pass);
    host.resources.clocksource = known<std::string>("hpet");
    host.resources.clocksources = known<std::string>("hpet acpi_pm");
    EXPECT_EQ(finding(host, "time.clocksource").verdict.remedy->commands,
              (Commands{"dmesg | grep -i -e tsc -e clocksource"}));
    host.resources.clocksources = known<std::string>("hpet tsc acpi_pm");
    EXPECT_EQ(finding(host, "time.clocksource").verdict.remedy->commands,
              (Commands{"echo tsc >/sys/devices/system/clocksource/clocksource0/current_clocksource"}));
    host.kernel_settings.command_line = known<std::string>("clocksource=hpet");
    EXPECT_EQ(finding(host, "time.clocksource").verdict.remedy->summary, "start the kernel without clocksource=hpet");
    host.underlay = known(UnderlayFacts{Underlay::kvm, "CPUID"});
    EXPECT_EQ(status(host, "time.clocksource"), Status::pass);
}

TEST(Numa, MattersWithSeveralNodes)
{
    HostFacts host = healthy();
    host.resources.numa_nodes = 1;
    EXPECT_FALSE(finding(host, "numa.balancing").verdict.applies);
    host.resources.numa_nodes = 2;
    host.resources.numa_balancing = known<std::string>("1");
    EXPECT_EQ(finding(host, "numa.balancing").verdict.evidence,
              "2 NUMA nodes; the kernel moves memory to the CPUs that use it (kernel.numa_balancing is 1)");
}

TEST(Merging, IsTold)
{
    HostFacts host = healthy();
    for (const auto* value : {"0", "1", "2"}) {
        host.resources.samepage_merging = known<std::string>(value);
        EXPECT_EQ(status(host, "mem.ksm"), Status::pass);
    }
}

}  // namespace
}  // namespace kvmkit
