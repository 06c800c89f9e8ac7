// SPDX-License-Identifier: Apache-2.0
#include "report/diff.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

Outline one(const std::string& status, const std::string& evidence)
{
    return {{{"verdict", "ready"}}, {{"kvm.run_long", status, evidence}}};
}

TEST(Diff, MeasuredTimesAreNoDifference)
{
    EXPECT_TRUE(compare(one("pass", "ran in 0.6 ms"), one("pass", "ran in 12.5 ms")).none());
    EXPECT_TRUE(compare(one("fail", "1.5 ns, 20 times slower"), one("fail", "2 ns, 4000 times slower")).none());
    EXPECT_FALSE(compare(one("pass", "version 12"), one("pass", "version 13")).none());
    EXPECT_FALSE(compare(one("pass", "ran in 0.6 ms"), one("fail", "ran in 0.6 ms")).none());
}

TEST(Diff, NamesChecksThatOneSideLacks)
{
    const Outline none{{{"verdict", "unknown"}}, {}};
    const auto found = compare(one("pass", "x"), none);
    ASSERT_EQ(found.checks.size(), 1U);
    EXPECT_FALSE(found.checks[0].b);
    EXPECT_EQ(to_text(found), "verdict            ready -> unknown\nkvm.run_long       pass -> not judged\n  - x\n");
    EXPECT_FALSE(compare(none, one("pass", "x")).checks[0].a);
}

TEST(Diff, ReadsRecordsOfRunAndNothingElse)
{
    const auto outline = read_outline(R"({"schema": "kvmkit.kvm-check.run/1", "summary": {"verdict": "ready"},
        "checks": [{"id": "a.b", "status": "pass", "evidence": "e"}], "host": {"cpu": {"flag": null}}})");
    ASSERT_TRUE(outline) << outline.error().message;
    EXPECT_EQ(outline->facts.front().second, "ready");
    for (const auto* text : {"",
                             "[]",
                             "{}",
                             R"({"schema": "kvmkit.kvm-check.run/1"})",
                             R"({"schema": 5})",
                             R"({"schema": "kvmkit.kvm-check.run/1", "checks": [{"id": 5}]})"}) {
        EXPECT_FALSE(read_outline(text)) << text;
    }
}

}  // namespace
}  // namespace kvmkit
