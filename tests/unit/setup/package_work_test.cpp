// SPDX-License-Identifier: Apache-2.0
#include "setup/package_work.hpp"
#include "setup/step.hpp"
#include "setup/undo_wait.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

/// A record of these steps, as their journal has them.
txn::Record record_of(const std::vector<Step>& steps)
{
    txn::Record record;
    for (const Step& step : steps) {
        record.steps.push_back({.text = describe(step), .undo = ""});
    }
    return record;
}

TEST(PackageWorkTest, IsToldByWhatAJournalKeeps)
{
    EXPECT_EQ(package_work(record_of({})), PackageWork::none);
    EXPECT_EQ(package_work(record_of({HoldLibvirt{}, GrantDevice{}, SetFile{"etc/x", "a\n"}})), PackageWork::none);
    EXPECT_EQ(package_work(record_of({GrantDevice{}, RefreshLists{}})), PackageWork::lists);
    EXPECT_EQ(package_work(record_of({ProveSources{"http://example.org/"}})), PackageWork::lists);
    EXPECT_EQ(package_work(record_of({RefreshOnUndo{}})), PackageWork::lists) << "which its undoing fetches";
    EXPECT_EQ(package_work(record_of({InstallPackages{{"vlan"}}, RefreshLists{}})), PackageWork::packages);
    EXPECT_EQ(package_work(record_of({FinishPackages{}})), PackageWork::packages);
}

TEST(PackageWorkTest, ThatWasNotSeenToEndConcernsPackages)
{
    auto record = record_of({InstallPackages{{"vlan"}}});
    EXPECT_TRUE(concerns_packages(record)) << "apt may go on without us";
    record.steps.front().done = true;
    EXPECT_FALSE(concerns_packages(record)) << "nothing of it is undone";
    EXPECT_TRUE(concerns_packages(record_of({RefreshLists{}})));
    EXPECT_FALSE(concerns_packages(record_of({GrantDevice{}})));
}

}  // namespace
}  // namespace kvmkit::setup
