// SPDX-License-Identifier: Apache-2.0
#include "check/selection.hpp"
#include "check/catalogue.hpp"

#include <algorithm>

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
Verdict warns(const HostFacts& /*host*/)
{
    return warn("careful", std::nullopt);
}
Verdict cannot_tell(const HostFacts& /*host*/)
{
    return unknown("dark");
}

constexpr std::array checks{
    Check{"base.a", "", Severity::essential, {}, passes},
    Check{"base.b", "", Severity::essential, {"base.a"}, passes},
    Check{"extra.warns", "", Severity::advisory, {"base.b"}, warns},
    Check{"extra.dark", "", Severity::advisory, {}, cannot_tell},
    Check{"extra.follows", "", Severity::advisory, {"extra.dark"}, cannot_tell},
};

std::vector<std::string> ids(const Judgement& judgement)
{
    std::vector<std::string> found;
    for (const Finding& finding : judgement.findings) {
        found.emplace_back(finding.check.id);
    }
    return found;
}

Judgement judged(const Selection& selection, std::span<const Check> among = checks)
{
    return judge_selected({}, among, selection);
}

TEST(Selection, OfEverythingReportsEverything)
{
    const auto judgement = judged({});
    EXPECT_EQ(judgement.findings.size(), checks.size());
    EXPECT_EQ(judgement.verdict, Readiness::ready);
}

TEST(Selection, ReportsTheChosenAndTheirCauses)
{
    const std::array broken{Check{"base.a", "", Severity::essential, {}, fails},
                            Check{"base.b", "", Severity::required, {"base.a"}, passes},
                            Check{"other.c", "", Severity::essential, {}, fails}};
    const auto judgement = judged({.only = {"base.b"}}, broken);
    EXPECT_EQ(ids(judgement), (std::vector<std::string>{"base.a", "base.b"}));
    EXPECT_EQ(judgement.findings[1].verdict.status, Status::skip);
    EXPECT_EQ(judgement.findings[1].because, "base.a");
    EXPECT_EQ(judgement.verdict, Readiness::unusable);
    EXPECT_EQ(judged({.only = {"other.c"}}, broken).findings.size(), 1U);
}

TEST(Selection, DoesNotLetOthersDecide)
{
    const std::array broken{Check{"base.a", "", Severity::essential, {}, passes},
                            Check{"other.c", "", Severity::essential, {}, fails}};
    EXPECT_EQ(judged({.only = {"base.a"}}, broken).verdict, Readiness::ready);
    EXPECT_EQ(judged({.skip = {"other.c"}}, broken).verdict, Readiness::ready);
}

TEST(Selection, SkipsNothingBecauseOfACheckThatIsLeftOut)
{
    const std::array broken{Check{"base.a", "", Severity::essential, {}, fails},
                            Check{"base.b", "", Severity::essential, {"base.a"}, passes}};
    const auto judgement = judged({.skip = {"base.a"}}, broken);
    EXPECT_EQ(ids(judgement), (std::vector<std::string>{"base.b"}));
    EXPECT_EQ(judgement.findings[0].verdict.status, Status::pass);
}

TEST(Selection, MakesARequiredWarningAFailure)
{
    const auto judgement = judged({.require = {"extra.warns"}});
    EXPECT_EQ(judgement.verdict, Readiness::degraded);
    EXPECT_EQ(judgement.findings.size(), checks.size());
    EXPECT_EQ(judgement.findings[2].verdict.status, Status::fail);
}

TEST(Selection, IsUnknownWhereARequiredCheckCannotBeJudged)
{
    EXPECT_EQ(judged({.require = {"extra.dark"}}).verdict, Readiness::unknown);
    EXPECT_EQ(judged({.require = {"extra.follows"}}).verdict, Readiness::unknown) << "skipped because of extra.dark";
}

TEST(Selection, IsNotContentWithARequiredCheckThatWasSkipped)
{
    const std::array quiet{
        Check{"base.a", "", Severity::advisory, {}, [](const HostFacts&) { return skip("not installed"); }},
        Check{"base.b", "", Severity::advisory, {}, [](const HostFacts&) { return does_not_apply("AMD only"); }}};
    EXPECT_EQ(judged({.require = {"base.a"}}, quiet).verdict, Readiness::unknown);
    EXPECT_EQ(judged({.require = {"base.b"}}, quiet).verdict, Readiness::ready) << "nobody can have it here";
    EXPECT_EQ(judged({}, quiet).verdict, Readiness::ready);
}

TEST(Selection, CountsWarningsWhereStrict)
{
    EXPECT_EQ(judged({.strict = true}).verdict, Readiness::degraded);
    EXPECT_EQ(judged({.only = {"base.a"}, .strict = true}).verdict, Readiness::ready);
}

TEST(Selection, FindsChecksByIdAndByGroup)
{
    EXPECT_EQ(checks_named(checks, "base"), (CheckIds{"base.a", "base.b"}));
    EXPECT_EQ(checks_named(checks, "base.a"), (CheckIds{"base.a"}));
    EXPECT_TRUE(checks_named(checks, "bas").empty());
    EXPECT_TRUE(checks_named(checks, "").empty());
}

TEST(Selection, FailsWhatIsRequiredAndNotInstalled)
{
    const std::array some{Check{"base.a", "", Severity::advisory, {}, [](const HostFacts&) {
                                    return unneeded("not installed", {"install it", {"apt-get install it"}});
                                }}};
    EXPECT_EQ(judged({}, some).findings.front().verdict.status, Status::skip);
    EXPECT_FALSE(judged({}, some).findings.front().verdict.remedy);
    const auto required = judged({.require = {"base.a"}}, some);
    EXPECT_EQ(required.verdict, Readiness::degraded);
    EXPECT_EQ(required.findings.front().verdict.status, Status::fail);
    EXPECT_EQ(required.findings.front().verdict.remedy->commands.front(), "apt-get install it");
}

TEST(Selection, JudgesChecksOfOpenStackOnlyOnRequest)
{
    const std::array some{
        Check{"openstack.a", "", Severity::advisory, {}, [](const HostFacts&) { return warn("old", {}); }}};
    EXPECT_TRUE(judged({}, some).findings.empty());
    EXPECT_EQ(judged({.only = {"openstack.a"}}, some).findings.size(), 1U);
    EXPECT_EQ(judged({.require = {"openstack.a"}}, some).findings.front().verdict.status, Status::fail);
}

TEST(Profiles, RequireOnlyWhatTheCatalogueHas)
{
    for (const Profile& profile : profiles()) {
        for (const auto word : profile.require) {
            EXPECT_FALSE(checks_named(catalogue(), word).empty()) << profile.name << " requires " << word;
        }
    }
}

}  // namespace
}  // namespace kvmkit
