// SPDX-License-Identifier: Apache-2.0
#include "facts/memory.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Meminfo, SetsThePoolOfHugePagesApart)
{
    const auto memory = parse_meminfo(
        "MemTotal:       24683656 kB\nMemFree:  1 kB\nMemAvailable:   23726824 kB\nHugePages_Total:       4\n"
        "Hugepagesize:       2048 kB\nHugetlb:         1056768 kB\n");
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory->total, Bytes::of(24'683'656ULL * 1024));
    EXPECT_EQ(memory->available, Bytes::of(23'726'824ULL * 1024));
    EXPECT_EQ(memory->huge_page_pool, Bytes::mib(1032));
}

TEST(Meminfo, CountsPagesWhereOldKernelsTellNoSum)
{
    const auto memory = parse_meminfo("MemTotal: 4096000 kB\nHugePages_Total:     512\nHugepagesize:    2048 kB\n");
    ASSERT_TRUE(memory);
    EXPECT_EQ(memory->huge_page_pool, Bytes::mib(1024));
    EXPECT_FALSE(memory->available);
    EXPECT_FALSE(parse_meminfo(""));
    EXPECT_FALSE(parse_meminfo("MemTotal: lots\n"));
}

TEST(Pressure, ReadsBothLines)
{
    const auto pressure = parse_pressure(
        "some avg10=78.34 avg60=69.25 avg300=39.23 total=180207954\nfull avg10=0.50 avg60=0.00 avg300=0.00 total=0\n");
    ASSERT_TRUE(pressure);
    EXPECT_DOUBLE_EQ(pressure->some_avg10, 78.34);
    EXPECT_DOUBLE_EQ(pressure->full_avg10.value(), 0.5);
}

TEST(Pressure, KnowsNoFullLineOnOldKernels)
{
    EXPECT_FALSE(parse_pressure("some avg10=1.00 avg60=0.00 avg300=0.00 total=1\n")->full_avg10);
    for (const std::string_view text : {"",
                                        "some",
                                        "some avg10=",
                                        "some avg10=x",
                                        "some avg10=-1",
                                        "some avg10=nan",
                                        "full avg10=1.00 avg60=0.00",
                                        "some avg60=1.00 avg10=1.00"}) {
        EXPECT_FALSE(parse_pressure(text)) << text;
    }
}

}  // namespace
}  // namespace kvmkit
