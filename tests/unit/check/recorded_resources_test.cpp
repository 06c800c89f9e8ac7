// SPDX-License-Identifier: Apache-2.0
#include "base/deadline.hpp"
#include "check/catalogue.hpp"
#include "probe/collect.hpp"
#include "probe/files.hpp"
#include "probe/host_probe.hpp"
#include "support/healthy_host.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing_support::finding;

/// A host with an IOMMU, two NUMA nodes, a bounded control group and a rule that keeps KVM out.
FileTree files_of_a_host()
{
    FileTree tree;
    const auto add = [&tree](const char* path, const char* text) { add_file(tree, path, text); };
    add("proc/cpuinfo",
        "vendor_id\t: GenuineIntel\nflags\t\t: fpu lm vmx ept tsc\naddress sizes\t: 39 bits physical, 48 bits "
        "virtual\n\n"
        "vendor_id\t: GenuineIntel\nflags\t\t: fpu lm tsc\n");
    add("proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
    add("proc/cmdline", "root=UUID=deadbeef intel_iommu=on mitigations=off quiet\n");
    add("proc/meminfo",
        "MemTotal: 16000000 kB\nMemAvailable: 9000000 kB\nCommitLimit: 500000 kB\nCommitted_AS: 400000 kB\n");
    add("proc/sys/vm/overcommit_memory", "2\n");
    add("proc/sys/kernel/numa_balancing", "1\n");
    add("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
    add("sys/fs/cgroup/user.slice/memory.max", "1073741824\n");
    add("sys/fs/cgroup/user.slice/memory.current", "900000000\n");
    add("sys/fs/cgroup/user.slice/memory.stat", "anon 1\ninactive_file 100000000\n");
    add("sys/fs/cgroup/user.slice/x.scope/pids.max", "40\n");
    add("sys/fs/cgroup/user.slice/x.scope/pids.current", "10\n");
    add("proc/self/cgroup", "0::/user.slice/x.scope\n");
    add("proc/self/status", "Name:\tkvm-check\nUid:\t1000\t1000\t1000\t1000\n");
    add("proc/self/limits", "Max open files            512                  512                  files\n");
    add("sys/firmware/acpi/tables/DMAR", "serial number");
    add("sys/firmware/acpi/tables/APIC", "x");
    add("sys/kernel/irq/9/chip_name", "IR-IO-APIC\n");
    add("sys/kernel/mm/ksm/run", "1\n");
    add("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    add("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    add("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    add("sys/devices/system/clocksource/clocksource0/available_clocksource", "hpet acpi_pm\n");
    add("sys/devices/system/cpu/vulnerabilities/mds", "Vulnerable\n");
    add("etc/modprobe.d/mine.conf", "# secret\noptions x y=1\nblacklist kvm_intel\n");
    add("lib/modules/6.1.0-13-amd64/modules.dep", "kernel/drivers/vfio/pci/vfio-pci.ko:\nkernel/net/x.ko:\n");
    for (const auto* folder : {"sys/class/iommu/dmar0",
                               "sys/kernel/iommu_groups/0",
                               "sys/kernel/iommu_groups/1",
                               "sys/devices/system/node/node0",
                               "sys/devices/system/node/node1",
                               "sys/module"}) {
        add_directory(tree, folder);
    }
    return tree;
}

HostFacts facts_of(FileTree tree)
{
    return probe_host(Root::of(std::move(tree)), Deadline::after(std::chrono::seconds{5}));
}

TEST(RecordedResources, AreReadFromFiles)
{
    const auto host = facts_of(files_of_a_host());
    EXPECT_EQ(host.iommu.groups->value_or(0), 2U);
    EXPECT_EQ(host.iommu.vfio, ModuleState::loadable);
    EXPECT_EQ(host.cpu_details.uneven.size(), 2U);
    EXPECT_EQ(host.resources.numa_nodes, 2U);
    EXPECT_EQ(host.kernel_settings.rules.size(), 1U);
    ASSERT_TRUE(host.resources.process && *host.resources.process);
    EXPECT_EQ((*host.resources.process)->uid, 1000U);
    EXPECT_EQ((*host.resources.process)->tasks_left, 30U);
    EXPECT_EQ((*host.resources.process)->memory_left, Bytes::of(1073741824 - 800000000));
}

TEST(RecordedResources, AreJudgedTheSameFromACapture)
{
    for (const bool redacted : {false, true}) {
        const auto root = Root::of(files_of_a_host());
        auto live = probe_host(root, Deadline::after(std::chrono::seconds{5}));
        live.resources.looked = true;
        auto collection = collect(root, live);
        if (redacted) {
            redact(collection);
        }
        EXPECT_FALSE(collection.files.contains("proc/self/limits"));
        EXPECT_EQ(collection.files.at("etc/modprobe.d/mine.conf").bytes, "blacklist kvm_intel\n");
        EXPECT_EQ(collection.files.at("sys/firmware/acpi/tables/DMAR").bytes, "");
        const auto again = facts_of(to_recording(collection));
        for (const Check& check : catalogue()) {
            const auto group = check.id.substr(0, check.id.find('.'));
            if (group == "libvirt" || group == "net" || group == "conflict") {
                continue;
            }
            EXPECT_EQ(finding(again, check.id).verdict.status, finding(live, check.id).verdict.status) << check.id;
            EXPECT_EQ(finding(again, check.id).verdict.evidence, finding(live, check.id).verdict.evidence) << check.id;
        }
    }
}

TEST(RecordedResources, KeepAnEmptyFolderApartFromNone)
{
    FileTree tree;
    add_directory(tree, "sys/kernel/iommu_groups");
    EXPECT_TRUE(*facts_of(std::move(tree)).iommu.groups);
    EXPECT_FALSE(*facts_of({}).iommu.groups);
}

}  // namespace
}  // namespace kvmkit
