// SPDX-License-Identifier: Apache-2.0
#include "setup/kept_plan.hpp"
#include "support/temporary_folder.hpp"
#include "txn/store.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

SavedPlan some_plan()
{
    return {.version = "1.2", .made = "2026-01-31T12:00:00Z", .order = {.components = {"hypervisor"}}};
}

class HeadwayTest : public ::testing::Test {
protected:
    /// A transaction that was to make a plan, began these steps, and came through these states.
    void record(const SavedPlan& plan, const std::vector<Step>& steps, const std::vector<txn::State>& states)
    {
        Request request;
        request.places = places;
        request.kept = plan;
        auto journal = begin_journal(request);
        ASSERT_TRUE(journal) << journal.error().message;
        for (const Step& step : steps) {
            ASSERT_TRUE(journal->intend(describe(step), ""));
        }
        for (const txn::State state : states) {
            ASSERT_TRUE(journal->enter(state));
        }
    }

    [[nodiscard]] Headway headway() const { return headway_of(places, some_plan()); }

    testing::TemporaryFolder folder;
    txn::Places places{folder.path() / "state", folder.path() / "run"};
    const std::vector<Step> install{HoldLibvirt{}, InstallPackages{{"vlan"}}};
    const std::vector<txn::State> cleaned_up{txn::State::applying, txn::State::rolling_back, txn::State::rolled_back};
};

TEST_F(HeadwayTest, IsNoneBeforeThereIsAnythingOrAPackageStep)
{
    EXPECT_EQ(headway(), Headway::none);
    record(some_plan(), {HoldLibvirt{}}, cleaned_up);
    EXPECT_EQ(headway(), Headway::none);
    record(some_plan(), {RefreshLists{}}, cleaned_up);
    EXPECT_EQ(headway(), Headway::lists);
}

TEST_F(HeadwayTest, StaysWhereTheNextTryEndsEarlier)
{
    record(some_plan(), install, cleaned_up);
    EXPECT_EQ(headway(), Headway::packages);
    record(some_plan(), {RefreshLists{}}, cleaned_up);
    EXPECT_EQ(headway(), Headway::packages);
}

TEST_F(HeadwayTest, IsNoneOnceItStoodAndWasRolledBack)
{
    record(some_plan(),
           install,
           {txn::State::applying, txn::State::closed, txn::State::rolling_back, txn::State::rolled_back});
    EXPECT_EQ(headway(), Headway::none);
}

TEST_F(HeadwayTest, IsNoneOfAnotherPlanAndAfterAnotherChange)
{
    auto other = some_plan();
    other.order.components = {"modules"};
    record(some_plan(), install, cleaned_up);
    record(other, {}, cleaned_up);
    EXPECT_EQ(headway(), Headway::none);
    record(some_plan(), install, {txn::State::applying});
    EXPECT_EQ(headway(), Headway::none) << "it is not taken back";
}

TEST_F(HeadwayTest, OfARunThatWasKilledTellsWhatItBegan)
{
    auto order = some_plan();
    order.packages = std::map<std::string, std::string>{{"vlan", "1"}};
    Request request;
    request.places = places;
    const auto begun = [&] { return begun_by(request, Headway::none); };
    record(order, install, cleaned_up);
    EXPECT_FALSE(begun()) << "it failed, and undid that itself";
    record(order, install, {txn::State::applying});
    auto journal = txn::Journal::adopt(txn::read_all_records(places, "host-setup")->records.back());
    ASSERT_TRUE(journal && journal->enter(txn::State::rolled_back));
    ASSERT_TRUE(begun());
    EXPECT_TRUE(begun()->packages->contains("vlan"));
    record(some_plan(), {FinishPackages{}}, {txn::State::applying});
    auto again = txn::Journal::adopt(txn::read_all_records(places, "host-setup")->records.back());
    ASSERT_TRUE(again && again->enter(txn::State::rolled_back));
    ASSERT_TRUE(begun()) << "killed once more, while that was finished";
    EXPECT_TRUE(begun()->packages->contains("vlan"));
    record(some_plan(), {RefreshLists{}}, cleaned_up);
    EXPECT_TRUE(begun()) << "a try that ended earlier changes nothing of that";
    record(order, install, {txn::State::applying, txn::State::closed});
    EXPECT_FALSE(begun());
}

}  // namespace
}  // namespace kvmkit::setup
