// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/check.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

Verdict passes(const HostFacts& /*host*/)
{
    return pass("fine");
}
Verdict fails(const HostFacts& /*host*/)
{
    return fail("broken", std::nullopt);
}
Verdict cannot_tell(const HostFacts& /*host*/)
{
    return unknown("dark");
}
Verdict warns(const HostFacts& /*host*/)
{
    return warn("careful", std::nullopt);
}

Check check(std::string_view id, std::array<std::string_view, 2> depends_on, Verdict (*judge)(const HostFacts&))
{
    return {id, "title", Severity::essential, depends_on, judge};
}

TEST(Judge, SkipsWhatDependsOnAFailureAndNamesItsRoot)
{
    const std::array checks{check("a", {}, fails), check("b", {"a"}, passes), check("c", {"b"}, passes)};
    const auto findings = judge({}, checks);
    EXPECT_EQ(findings[1].verdict.status, Status::skip);
    EXPECT_EQ(findings[2].verdict.status, Status::skip);
    EXPECT_EQ(findings[2].because, "a");
    EXPECT_EQ(findings[0].because, "");
}

TEST(Judge, FoldsAnUnknownIntoTheUnknownThatItDependsOn)
{
    const std::array checks{check("a", {}, cannot_tell),
                            check("b", {"a"}, cannot_tell),
                            check("c", {"b"}, passes),
                            check("d", {"b"}, fails)};
    const auto findings = judge({}, checks);
    EXPECT_EQ(findings[1].because, "a");
    EXPECT_EQ(findings[2].verdict.status, Status::pass);
    EXPECT_EQ(findings[3].verdict.status, Status::fail);
}

TEST(Judge, LetsAWarningStandInNobodysWay)
{
    const std::array checks{check("a", {}, warns), check("b", {"a"}, passes)};
    EXPECT_EQ(judge({}, checks)[1].verdict.status, Status::pass);
}

TEST(Judge, PrefersAFailedDependencyToAnUnknownOne)
{
    const std::array checks{check("a", {}, cannot_tell), check("b", {}, fails), check("c", {"a", "b"}, cannot_tell)};
    EXPECT_EQ(judge({}, checks)[2].because, "b");
}

TEST(Catalogue, HasUniqueIdsAndDependsOnlyOnWhatComesBefore)
{
    std::set<std::string_view> seen;
    for (const Check& row : catalogue()) {
        for (const auto id : row.depends_on) {
            EXPECT_TRUE(id.empty() || seen.contains(id)) << row.id << " depends on " << id;
        }
        EXPECT_TRUE(seen.insert(row.id).second) << row.id;
    }
}

TEST(Catalogue, JudgesAHostOfWhichNothingIsKnown)
{
    const auto findings = judge({}, catalogue());
    EXPECT_TRUE(
        std::ranges::none_of(findings, [](const Finding& finding) { return finding.verdict.status == Status::warn; }));
}

}  // namespace
}  // namespace kvmkit
