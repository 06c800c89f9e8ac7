// SPDX-License-Identifier: Apache-2.0
#include "facts/cpu_set.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

CpuSet set(std::string_view text)
{
    return CpuSet::parse(text).value();
}

TEST(CpuSet, ReadsTheKernelsLists)
{
    EXPECT_EQ(set("0-3,8\n").cpus(), (std::vector<unsigned>{0, 1, 2, 3, 8}));
    EXPECT_EQ(set("7").cpus(), std::vector<unsigned>{7});
    EXPECT_TRUE(set("").empty());
    EXPECT_TRUE(set("\n").empty());
    EXPECT_EQ(set("5,0-1,1").cpus(), (std::vector<unsigned>{0, 1, 5}));
}

TEST(CpuSet, WritesWhatItReads)
{
    for (const std::string_view text : {"", "0", "0-1", "0-3,8", "1,3,5-7", "65535"}) {
        EXPECT_EQ(set(text).text(), text);
    }
    EXPECT_EQ(set("2,1,0,4").text(), "0-2,4");
}

TEST(CpuSet, RefusesWhatIsNoList)
{
    for (const std::string_view text :
         {",", "0,", "-", "-1", "3-", "3-1", "a", "0 1", "0x1", "65536", "0-4294967295", "99999999999999999999"}) {
        EXPECT_FALSE(CpuSet::parse(text)) << text;
    }
    std::string long_list = "0-65535";
    for (int times = 0; times < 1000; ++times) {
        long_list += ",0-65535";
    }
    EXPECT_FALSE(CpuSet::parse(long_list));
}

TEST(CpuSet, JoinsAndIntersects)
{
    EXPECT_EQ(set("0-3").common_with(set("2-9")), set("2-3"));
    EXPECT_EQ(set("0-3").joined_with(set("2,9")), set("0-3,9"));
    EXPECT_TRUE(set("0").common_with(set("1")).empty());
}

TEST(CpuSet, CountsTheCpusOfProcStat)
{
    EXPECT_EQ(cpus_in_proc_stat("cpu  1 2 3\ncpu0 1 2\ncpu3 1 2\nintr 5 5\nctxt 1\n"), set("0,3"));
    EXPECT_FALSE(cpus_in_proc_stat("cpu  1 2 3\nintr 5\n"));
    EXPECT_FALSE(cpus_in_proc_stat("cpux 1\n"));
    EXPECT_FALSE(cpus_in_proc_stat(""));
}

}  // namespace
}  // namespace kvmkit
