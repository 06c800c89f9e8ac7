// SPDX-License-Identifier: Apache-2.0
#include "setup/zypper.hpp"

#include "setup/zypper_output.hpp"
#include "support/fake_runner.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using namespace std::chrono_literals;

/// As zypper 1.14.42 prints it.
constexpr const char* summary = R"(<?xml version='1.0'?>
<stream>
<message type="info">Resolving package dependencies...</message>
<install-summary download-size="33621" space-usage-diff="15000" packages-to-change="3">
<to-install>
<solvable type="package" name="libvirt" edition="7.2-1" arch="noarch" summary="stub">
<description>stub</description></solvable>
</to-install>
<to-upgrade>
<solvable type="package" name="glibc" edition="2.40-3" edition-old="2.38-1" arch="x86_64" summary="C">
<description>stub</description></solvable>
</to-upgrade>
<to-remove>
<solvable type="package" name="oldone" edition="7.2-1" arch="noarch" summary="stub">
<description>stub</description></solvable>
</to-remove>
</install-summary>
<prompt id="0">
)";

const std::string install = "zypper --non-interactive --no-refresh install --no-recommends --auto-agree-with-licenses ";
const std::string dry_run = "zypper --non-interactive --no-refresh --xmlout install --dry-run --no-recommends ";
const std::string query = "rpm -q --qf '%{name}\\t%{evr}\\t%{arch}\\n' ";

TEST(ZypperOutput, SummaryIsReadWithWhatItRemoves)
{
    const auto price = read_zypper_summary(summary);
    ASSERT_TRUE(price);
    ASSERT_EQ(price->install.size(), 2U);
    EXPECT_EQ(price->install[0].name, "libvirt");
    EXPECT_EQ(price->install[1].version, "2.40-3");
    EXPECT_EQ(price->remove, std::vector<std::string>{"oldone"});
    EXPECT_EQ(price->download.count(), 33621U);
    EXPECT_EQ(price->disk.count(), 15000U);
    EXPECT_EQ(read_zypper_summary("<install-summary download-size=\"0\" space-usage-diff=\"-10\">\n")->disk.count(),
              0U);
    EXPECT_FALSE(read_zypper_summary("<stream>\n<solvable type=\"package\" name=\"x\">\n"));
    EXPECT_FALSE(read_zypper_summary(""));
}

TEST(ZypperOutput, CandidatesConflictsAndProblemsAreFound)
{
    const auto found = read_zypper_candidates(
        "<solvable status=\"not-installed\" name=\"libvirt\" kind=\"package\" edition=\"7.2-1\" arch=\"noarch\"/>\n"
        "<solvable status=\"not-installed\" name=\"libvirt\" kind=\"package\" edition=\"7.1-1\" arch=\"noarch\"/>\n"
        "<solvable name=\"kvm_server\" kind=\"pattern\" edition=\"1\"/>\n");
    EXPECT_EQ(found, (std::map<std::string, std::string>{{"libvirt", "7.2-1"}}));
    EXPECT_EQ(read_zypper_conflicts("<description>Problem: a conflicts with b\n Solution 1: x\n"),
              std::vector<std::string>{"Problem: a conflicts with b"});
    const auto problems = read_zypper_problems(
        "[d|http://127.0.0.1:1/] Valid metadata not found at specified URL\nError message: Failed to connect\n"
        "Skipping repository 'd' because of the above error.\nRepository 'l' is up to date.\n");
    EXPECT_EQ(problems.size(), 3U);
}

TEST(ZypperOutput, ProgressIsToldOfPackagesAlone)
{
    EXPECT_EQ(read_zypper_progress("(1/2) Installing: mine-7.2-1.noarch [....done]")->percent, 50);
    for (const char* line : {"", "(", "()", "(/)", "(3/2) x", "a/b (1)", "Retrieving package x (1/3)"}) {
        EXPECT_FALSE(read_zypper_progress(line)) << line;
    }
}

TEST(Zypper, SkippedRepositoryIsASuccessWhereAllCameForAllThat)
{
    testing::FakeRunner runner;
    runner.answer(install + "a b", {106, "Warning: Skipping repository 'd'\n", ""});
    runner.answer(query + "a b", {0, "a\t1-1\tnoarch\nb\t1-1\tnoarch\n", ""});
    EXPECT_TRUE((Zypper{runner, {}}.install({"a", "b"}, {})));

    testing::FakeRunner without;
    without.answer(install + "a b", {106, "Warning: Skipping repository 'd'\n", ""});
    without.answer(query + "a b", {1, "a\t1-1\tnoarch\npackage b is not installed\n", ""});
    const auto failed = Zypper{without, {}}.install({"a", "b"}, {});
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("zypper ended with 106"), std::string::npos);
}

TEST(Zypper, FailedScriptsAndLocksAndConflictsAreTold)
{
    testing::FakeRunner runner;
    runner.answer(install + "a", {107, "", "warning: %post(a) scriptlet failed\n"});
    runner.answer(install + "b", {7, "System management is locked by the application with pid 893 (sleep).\n", ""});
    runner.answer(dry_run + "c", {4, "<description>Problem: nothing provides x needed by c\n", ""});
    runner.answer(dry_run + "d", {106, summary, ""});
    runner.answer(install + "e", {102, "", ""});
    Zypper manager{runner, {.lock_wait = 9s}};
    const auto script = manager.install({"a"}, {});
    ASSERT_FALSE(script);
    EXPECT_NE(script.error().message.find("a script of a package failed: cannot install packages 'a'"),
              std::string::npos);
    const auto locked = manager.install({"b"}, {});
    ASSERT_FALSE(locked);
    EXPECT_EQ(locked.error().code, ErrorCode::timeout);
    EXPECT_EQ(runner.environment().at("ZYPP_LOCK_TIMEOUT"), "9");
    EXPECT_EQ(manager.price({"c"}).error().message,
              "cannot find out what an installation would bring: zypper found no way:\nProblem: nothing provides x "
              "needed by c");
    EXPECT_TRUE(manager.price({"d"}));
    EXPECT_EQ(runner.environment().at("ZYPP_LOCK_TIMEOUT"), "0") << "a question waits for nobody";
    EXPECT_TRUE(manager.install({"e"}, {})) << "done, but a reboot is needed";
}

TEST(Zypper, RefreshTellsOfWhatItSkipped)
{
    testing::FakeRunner runner;
    runner.answer(
        "zypper --non-interactive refresh",
        {4,
         "Skipping repository 'd' because of the above error.\nSome of the repositories have not been refreshed "
         "because of an error.\n",
         ""});
    const auto problems = Zypper{runner, {}}.update();
    ASSERT_TRUE(problems);
    EXPECT_EQ(*problems, std::vector<std::string>{"Skipping repository 'd' because of the above error."});
}

}  // namespace
}  // namespace kvmkit::setup
