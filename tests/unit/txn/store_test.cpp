// SPDX-License-Identifier: Apache-2.0
#include "txn/store.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::txn {
namespace {

/// A journal with so many steps that its end does not tell its beginning.
class StoreTest : public ::testing::Test {
protected:
    Record leave(State state, int steps = 200, const std::string& command = "tool go")
    {
        auto journal = Journal::begin(places_, {"tool", command});
        EXPECT_TRUE(journal) << journal.error().message;
        EXPECT_TRUE(journal->enter(State::applying));
        for (int step = 0; step < steps; ++step) {
            EXPECT_TRUE(journal->intend("make a thing", R"({"state":"closed"})"));
        }
        EXPECT_TRUE(state == State::applying || journal->enter(state));
        return journal->record();
    }

    void append(const Record& record, const std::string& text) const
    {
        std::ofstream{record.directory / "journal", std::ios::app} << text;
    }

    testing::TemporaryFolder folder_;
    Places places_{folder_.path() / "run", folder_.path() / "state"};
};

TEST_F(StoreTest, TheEndOfAJournalTellsItsState)
{
    for (const State state : {State::closed, State::confirmed, State::rolled_back, State::armed, State::damaged}) {
        EXPECT_EQ(state_at_end(leave(state).directory), state) << word(state);
    }
    EXPECT_EQ(state_at_end(leave(State::closed, 0).directory), State::closed);
    EXPECT_EQ(state_at_end(leave(State::applying).directory), std::nullopt) << "what it is to be undone by is no state";
    EXPECT_EQ(state_at_end(leave(State::applying, 0, R"({"state":"closed"})").directory), State::applying);
    EXPECT_EQ(state_at_end(folder_.path() / "nothing"), std::nullopt);
}

TEST_F(StoreTest, ATornOrUnknownLineTellsNoMoreThanItDoesToWhoReadsAll)
{
    const auto torn = leave(State::closed);
    append(torn, R"({"state":"rolling)");
    EXPECT_EQ(state_at_end(torn.directory), State::closed);
    EXPECT_EQ(read_record(torn.directory)->state, State::closed);
    const auto unknown = leave(State::closed);
    append(unknown, "{\"state\":\"of another version\"}\n{\"state\":7}\n");
    EXPECT_EQ(state_at_end(unknown.directory), State::damaged);
}

TEST_F(StoreTest, WhereNothingIsOpenARecoveryReadsNothing)
{
    leave(State::closed);
    leave(State::rolled_back);
    EXPECT_TRUE(read_all_if_open(places_, "tool")->records.empty());
    const auto open = leave(State::applying);
    leave(State::confirmed);
    const auto all = read_all_if_open(places_, "tool");
    ASSERT_EQ(all->records.size(), 4U);
    EXPECT_EQ(all->records[2].id, open.id);
    EXPECT_EQ(all->records[0].steps.size(), 200U);
}

TEST_F(StoreTest, AJournalThatCannotBeReadIsNamedByARecovery)
{
    const auto broken = leave(State::applying, 0);
    append(broken, "{\"done\":5}\n");
    EXPECT_EQ(read_all_if_open(places_, "tool")->damaged.size(), 1U);
}

TEST_F(StoreTest, ThoseInOneStateAreReadAlone)
{
    leave(State::closed);
    const auto confirmed = leave(State::confirmed);
    leave(State::applying);
    const auto found = read_records_in(places_, "tool", State::confirmed);
    ASSERT_EQ(found->records.size(), 1U);
    EXPECT_EQ(found->records[0].id, confirmed.id);
    EXPECT_EQ(read_records_in(places_, "tool", State::applying)->records.size(), 1U) << "its end tells nothing";
    EXPECT_TRUE(read_records_in(places_, "other", State::closed)->records.empty());
}

}  // namespace
}  // namespace kvmkit::txn
