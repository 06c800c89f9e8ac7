// SPDX-License-Identifier: Apache-2.0
#include "facts/resources.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Promises, AreReadFromMeminfo)
{
    const auto promises = parse_promises(
        "MemTotal:       16000000 kB\nCommitLimit:    8000 kB\nCommitted_AS:   6000 kB\n"
        "HugePages_Total:       4\nHugePages_Free:        1\nHugepagesize:       2048 kB\n");
    EXPECT_EQ(promises.limit, Bytes::of(8000 * 1024));
    EXPECT_EQ(promises.promised, Bytes::of(6000 * 1024));
    EXPECT_EQ(promises.huge_pages, 4U);
    EXPECT_EQ(promises.huge_pages_free, 1U);
    EXPECT_EQ(promises.huge_page_size, Bytes::mib(2));
    EXPECT_FALSE(parse_promises("HugePages_Total: x\n").limit);
    EXPECT_EQ(parse_promises("HugePages_Total: x\n").huge_pages, 0U);
}

TEST(Controllers, CountWhereTheyAreSwitchedOn)
{
    const auto found =
        parse_cgroups("#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t2\t1\nmemory\t0\t1\t0\nx\n");
    EXPECT_EQ(found, (std::set<std::string, std::less<>>{"cpu"}));
}

TEST(Limits, AreNumbersOrUnlimited)
{
    const auto* text =
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max open files            1024                 524288               files     \n"
        "Max locked memory         8388608              unlimited            bytes     \n"
        "Max processes             many                 1                    processes \n";
    EXPECT_EQ(parse_limit(text, "Max open files"), (ResourceLimit{1024, 524288}));
    EXPECT_EQ(parse_limit(text, "Max locked memory"), (ResourceLimit{8388608, std::nullopt}));
    EXPECT_FALSE(parse_limit(text, "Max processes"));
    EXPECT_FALSE(parse_limit(text, "Max stack size"));
    EXPECT_FALSE(parse_limit("Max open files 5", "Max open files"));
}

TEST(ControlGroupPath, IsTheControllersOwnOrTheUnifiedOne)
{
    const auto* mixed = "8:pids:/a\n4:cpu,cpuacct:/b/c\n1:name=systemd:/s\n0::/user.slice/x.scope\n";
    EXPECT_EQ(cgroup_path(mixed, "pids"), "pids/a");
    EXPECT_EQ(cgroup_path(mixed, "cpuacct"), "cpu,cpuacct/b/c");
    EXPECT_EQ(cgroup_path(mixed, "memory"), "user.slice/x.scope");
    EXPECT_EQ(cgroup_path("0::/\n", "memory"), "");
    EXPECT_EQ(cgroup_path("0::/../../etc\n", "memory"), "etc");
    EXPECT_FALSE(cgroup_path("", "memory"));
    EXPECT_FALSE(cgroup_path("nonsense", "memory"));
}

TEST(ControlGroupLimit, IsAbsentWhereItBindsNothing)
{
    EXPECT_EQ(parse_cgroup_limit("1073741824\n"), 1073741824U);
    EXPECT_FALSE(parse_cgroup_limit("max\n"));
    EXPECT_FALSE(parse_cgroup_limit("9223372036854771712\n"));  // what version 1 says where there is none
    EXPECT_FALSE(parse_cgroup_limit(""));
    EXPECT_FALSE(parse_cgroup_limit("-1"));
}

TEST(Cache, IsWhatFilesHold)
{
    EXPECT_EQ(cached_bytes("anon 7\ninactive_file 5\nactive_file 6\ntotal_active_file 9\n"), 11U);
    EXPECT_EQ(cached_bytes("active_file x\nactive_file\n"), 0U);
}

TEST(ChosenWord, StandsInBrackets)
{
    EXPECT_EQ(chosen_word("always [madvise] never\n"), "madvise");
    EXPECT_EQ(chosen_word("none"), "");
    EXPECT_EQ(chosen_word("[none"), "");
    EXPECT_EQ(chosen_word("]["), "");
}

}  // namespace
}  // namespace kvmkit
