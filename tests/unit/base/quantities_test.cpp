// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"
#include "base/deadline.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using std::chrono::milliseconds;

TEST(Bytes, ReadsBinaryUnits)
{
    EXPECT_EQ(Bytes::parse("512M")->count(), 512ULL << 20U);
    EXPECT_EQ(Bytes::parse("2G")->count(), 2ULL << 30U);
    EXPECT_EQ(Bytes::parse("2GiB")->count(), 2ULL << 30U);
    EXPECT_EQ(Bytes::parse("1536")->count(), 1536U);
    EXPECT_EQ(Bytes::parse("8b")->count(), 8U);
    EXPECT_EQ(Bytes::parse("8B")->count(), 8U);
    EXPECT_EQ(Bytes::parse("3k")->count(), 3072U);
}

TEST(Bytes, RefusesWhatIsNoSizeOrDoesNotFit)
{
    for (const auto* text : {"", "M", "-1G", "1.5G", "2X", "2GG", "2Gi", " 2G", "99999999999999999999", "16777216T"}) {
        const auto size = Bytes::parse(text);
        ASSERT_FALSE(size) << text;
        EXPECT_EQ(size.error().code, ErrorCode::usage) << text;
    }
}

TEST(Bytes, AreShownForPeople)
{
    EXPECT_EQ(human(Bytes::mib(512)), "512 MiB");
    EXPECT_EQ(human(Bytes::mib(1536)), "1.5 GiB");
    EXPECT_EQ(human(Bytes::of(12)), "12 B");
}

TEST(Duration, ReadsUnitsAndPlainSeconds)
{
    EXPECT_EQ(*parse_duration("90s"), milliseconds{90'000});
    EXPECT_EQ(*parse_duration("2m"), milliseconds{120'000});
    EXPECT_EQ(*parse_duration("250ms"), milliseconds{250});
    EXPECT_EQ(*parse_duration("7"), milliseconds{7'000});
    for (const auto* text : {"", "s", "-1s", "1.5s", "2d", "99999999999999999999s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(Deadline, ThatPassedLeavesNothing)
{
    const auto past = Deadline::after(milliseconds{-5});
    EXPECT_TRUE(past.passed());
    EXPECT_EQ(past.left(), milliseconds{0});
    EXPECT_GT(Deadline::after(milliseconds{60'000}).left(), milliseconds{50'000});
}

}  // namespace
}  // namespace kvmkit
