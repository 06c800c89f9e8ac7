// SPDX-License-Identifier: Apache-2.0
#include "check/neighbours.hpp"

#include "report/vm_explained.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

VmThread vcpu(int tid, unsigned number, unsigned cpu)
{
    VmThread thread;
    thread.tid = tid;
    thread.role = VmThread::Role::vcpu;
    thread.vcpu = number;
    thread.cpu = cpu;
    thread.allowed = CpuSet::parse("0-1");
    return thread;
}

RunningVm vm(int pid, std::string name, std::vector<VmThread> threads)
{
    RunningVm made;
    made.pid = pid;
    made.command.name = std::move(name);
    made.command.memory = Bytes::mib(512);
    made.accelerator = "kvm";
    made.vcpus = static_cast<unsigned>(threads.size());
    made.threads = std::move(threads);
    return made;
}

RunningVms host()
{
    RunningVms running;
    running.online = CpuSet::parse("0-1");
    running.memory = MemoryFacts{.total = Bytes::mib(4096), .available = {}, .huge_page_pool = {}};
    running.vms = {vm(10, "web", {vcpu(11, 0, 0), vcpu(12, 1, 1)}), vm(20, "db", {vcpu(21, 0, 1)})};
    return running;
}

VmLoad second()
{
    VmLoad load{.span = VmLoad::Span::interval, .interval = std::chrono::seconds{1}, .of_thread = {}};
    load.of_thread = {{11, {0.25, 0.0}}, {12, {0.5, 0.1}}, {21, {0.9, 0.05}}};
    return load;
}

TEST(Neighbours, AreTheThreadsOfOthersOnTheSameCpu)
{
    const auto running = host();
    const auto cpus = shared_cpus(running, running.vms.front());
    ASSERT_EQ(cpus.size(), 2U);
    EXPECT_EQ(cpus[0].cpu, 0U);
    EXPECT_TRUE(cpus[0].others.empty());
    EXPECT_DOUBLE_EQ(cpus[0].demand, 1.5) << "three vCPUs, each half on each CPU";
    ASSERT_EQ(cpus[1].others.size(), 1U);
    EXPECT_EQ(cpus[1].others[0].vm->command.name, "db");
    EXPECT_EQ(cpus[1].own[0].thread->tid, 12);
}

TEST(Neighbours, OfAVmWhoseThreadsCouldNotBeReadAreNone)
{
    auto running = host();
    running.vms.front().threads = Error{ErrorCode::permission, "may not look"};
    EXPECT_TRUE(shared_cpus(running, running.vms.front()).empty());
}

TEST(VmExplained, NamesThreadsCpusNeighboursAndWhatWaitingMeans)
{
    const auto report = make_report(host(), second());
    const auto text = explain_text(report, report.running.vms.front(), Paint::plain);
    for (const std::string_view part :
         {"VM 'web', process 10, kvm, 2 vCPUs, 512 MiB",
          "KVM runs the guest's instructions",
          "vCPU 1 waits most, 10.0 % of its time, for a CPU: its guest sees it as steal; it hurts",
          "  CPU 1    vCPU 1, 1.5 vCPUs may run there\n           beside vCPU 0 of VM 'db' (runs 90 %)\n",
          "1.50 vCPUs per CPU"}) {
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    }
    const auto record = explain_json(report, report.running.vms.front());
    EXPECT_EQ(record["vm"]["pid"], 10);
    EXPECT_EQ(record["shared_cpus"][1]["others"][0]["vm"], "db");
    EXPECT_FALSE(record.contains("vms"));
}

TEST(VmsTable, HasALineForEachVm)
{
    const auto table = vms_table(make_report(host(), second()));
    EXPECT_NE(table.find("web                        10  kvm        2   512 MiB         -    75 %    5 %  0,1\n"),
              std::string::npos)
        << table;
    EXPECT_NE(table.find("db                         20  kvm        1"), std::string::npos) << table;
}

}  // namespace
}  // namespace kvmkit
