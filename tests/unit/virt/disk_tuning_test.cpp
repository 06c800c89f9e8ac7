// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/disk_tuning.hpp"

#include "support/temporary_folder.hpp"
#include "virt/host/disk_probe.hpp"

#include <array>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

struct Case {
    DiskFacts facts;
    bool throw_away;
    DiskTuning wanted;
};

TEST(DiskTuning, FollowsWhatWorks)
{
    const DiskFacts all{};
    const DiskFacts no_ring{.io_uring_problem = "sysctl kernel.io_uring_disabled is 2"};
    const DiskFacts no_direct{.direct_problem = "Invalid argument"};
    const DiskFacts elsewhere{.on_this_host = false};
    const std::array cases{
        Case{all, false, {"none", "io_uring", "O_DIRECT and io_uring both work here"}},
        Case{no_ring,
             false,
             {"none", "native", "O_DIRECT works; io_uring does not: sysctl kernel.io_uring_disabled is 2"}},
        Case{no_direct,
             false,
             {"writeback", "threads", "the page cache is used, since O_DIRECT does not work here: Invalid argument"}},
        Case{all, true, {"unsafe", "threads", "the disk goes with the VM: nothing has to outlast a power cut"}},
        Case{no_direct, true, {"unsafe", "threads", "the disk goes with the VM: nothing has to outlast a power cut"}},
        Case{elsewhere, true, {"", "", "libvirt runs on another host, which cannot be looked at: its defaults"}}};
    for (const auto& [facts, throw_away, wanted] : cases) {
        const auto tuning = choose_tuning(facts, throw_away);
        EXPECT_EQ(tuning.cache, wanted.cache) << wanted.why;
        EXPECT_EQ(tuning.io, wanted.io) << wanted.why;
        EXPECT_EQ(tuning.why, wanted.why);
    }
}

Root host_with(const std::string& path, const std::string& text)
{
    FileTree tree;
    add_file(tree, path, text);
    return Root::of(std::move(tree));
}

TEST(DiskProbe, TakesTheKernelsWordOnIoUring)
{
    const testing::TemporaryFolder folder;
    const auto off = probe_disk_place(host_with("proc/sys/kernel/io_uring_disabled", "2\n"), folder.path());
    EXPECT_EQ(off.io_uring_problem, "sysctl kernel.io_uring_disabled is 2");
    const auto old = probe_disk_place(host_with("proc/sys/kernel/osrelease", "5.10.0-28-amd64\n"), folder.path());
    EXPECT_EQ(old.io_uring_problem, "the kernel is older than 5.12");
    const auto young = probe_disk_place(host_with("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n"), folder.path());
    EXPECT_NE(young.io_uring_problem, old.io_uring_problem);
}

TEST(DiskProbe, LooksAtTheNearestFolderThatExistsAndLeavesNothing)
{
    const testing::TemporaryFolder folder;
    const Root root = Root::of({});
    const auto here = probe_disk_place(root, folder.path());
    const auto below = probe_disk_place(root, folder.path() / "vms/web");
    EXPECT_EQ(here.direct_problem, below.direct_problem);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(DiskProbe, HasNoDirectAccessInProc)
{
    EXPECT_NE(probe_disk_place(Root::of({}), "/proc/version").direct_problem, "");
    EXPECT_NE(probe_disk_place(Root::of({}), "/proc/none").direct_problem, "");
}

}  // namespace
}  // namespace kvmkit::virt
