// SPDX-License-Identifier: Apache-2.0
#include "setup/apt.hpp"

#include "setup/apt_lists.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using testing::FakeRunner;
using namespace std::chrono_literals;

const std::string apt_get =
    "apt-get -y -q -oDpkg::Options::=--force-confdef -oDpkg::Options::=--force-confold -oDpkg::Use-Pty=0 "
    "-oDPkg::Lock::Timeout=600 ";

TEST(Apt, UpdateIsStrictWhereAptKnowsHow)
{
    FakeRunner runner;
    runner.answer("apt-get --version", {0, "apt 2.6.1 (amd64)\n", ""});
    runner.answer(apt_get + "update --error-on=any", {100, "Err:1 http://a\n", "E: Failed to fetch http://a\n"});
    const auto problems = Apt{runner, {}}.update();
    ASSERT_TRUE(problems) << "one dead source does not stop a run whose packages come from others";
    EXPECT_EQ(problems->size(), 2U);
}

TEST(Apt, UpdateOfAnOlderAptIsReadLineByLine)
{
    FakeRunner runner;
    runner.answer("apt-get --version", {0, "apt 2.0.10 (amd64)\n", ""});
    runner.answer(apt_get + "update", {0, "", "W: Failed to fetch http://a  Could not resolve 'a'\n"});
    const auto problems = Apt{runner, {}}.update();
    ASSERT_TRUE(problems);
    EXPECT_EQ(problems->size(), 1U) << "apt-get ended with 0";
}

TEST(Apt, UpdateThatFailsWithoutAWordIsAnError)
{
    FakeRunner runner;
    runner.answer("apt-get --version", {0, "apt 2.6.1 (amd64)\n", ""});
    runner.answer(apt_get + "update --error-on=any", {100, "Killed\n", ""});
    const auto problems = Apt{runner, {}}.update();
    ASSERT_FALSE(problems);
    EXPECT_EQ(problems.error().message, "cannot refresh package lists: apt-get ended with 100:\nKilled");
}

TEST(Apt, InstallAsksNothingAndRemovesNothing)
{
    FakeRunner runner;
    runner.answer(apt_get + "--no-install-recommends --no-remove install vlan kmod", {0, "", ""});
    ASSERT_TRUE((Apt{runner, {}}.install({"vlan", "kmod"}, {})));
    const auto& variables = runner.environment();
    EXPECT_EQ(variables.at("DEBIAN_FRONTEND"), "noninteractive");
    EXPECT_EQ(variables.at("NEEDRESTART_SUSPEND"), "1");
    EXPECT_EQ(variables.at("UCF_FORCE_CONFFOLD"), "1");
    EXPECT_EQ(variables.at("APT_LISTCHANGES_FRONTEND"), "none");
}

TEST(Apt, KeepsWhatAFailureSaid)
{
    const testing::TemporaryFolder folder;
    FakeRunner runner;
    runner.answer(apt_get + "--no-install-recommends --no-remove install vlan",
                  {100, "Setting up vlan\n", "setcap: no\n"});
    const auto failed = Apt{runner, {.log = folder.path() / "log"}}.install({"vlan"}, {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "cannot install packages 'vlan': apt-get ended with 100:\nsetcap: no");
    EXPECT_EQ(failed.error().hint, "all that apt said is in " + (folder.path() / "log").string());
    EXPECT_EQ(folder.read("log"), "Setting up vlan\n\nsetcap: no\n");
}

TEST(Apt, PriceIsAskedWithoutChangingAnything)
{
    FakeRunner runner;
    runner.answer(apt_get + "-s --no-install-recommends install vlan",
                  {0, "Remv other [1]\nInst vlan (2.0.5 D [all])\n", ""});
    runner.answer(apt_get + "--print-uris --no-install-recommends install vlan",
                  {0, "'http://a/v.deb' v.deb 100 S:1\n", ""});
    const auto price = Apt{runner, {}}.price({"vlan"});
    ASSERT_TRUE(price);
    EXPECT_EQ(price->download.count(), 100U);
    EXPECT_EQ(price->remove, std::vector<std::string>{"other"});
}

TEST(AptLists, AreAsOldAsAptsLastWrite)
{
    const testing::TemporaryFolder folder;
    const auto root = Root::open(folder.path());
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    EXPECT_EQ(age_of_lists(*root, now), std::nullopt);
    folder.write("var/lib/apt/lists/lock", "");
    EXPECT_EQ(age_of_lists(*root, now), std::nullopt) << "a minimal image has the folder, and no lists";
    folder.write("var/lib/apt/lists/a_dists_b_main_binary-amd64_Packages.lz4", "");
    ASSERT_TRUE(age_of_lists(*root, now));
    EXPECT_LT(*age_of_lists(*root, now), oldest_lists);
    EXPECT_GE(*age_of_lists(*root, now + 48h), 47h);
}

}  // namespace
}  // namespace kvmkit::setup
