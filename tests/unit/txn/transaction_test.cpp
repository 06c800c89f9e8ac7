// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.hpp"
#include "txn/execute.hpp"
#include "txn/lock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kvmkit::txn {
namespace {

/// A domain whose world is a folder: a step makes or removes one file.
struct Files {
    struct Step {
        bool make = true;
        std::string name;
    };
    std::filesystem::path folder;

    static std::string describe(const Step& step) { return (step.make ? "make " : "remove ") + step.name; }
    static Result<std::optional<Step>> inverse(const Step& step) { return std::optional{Step{!step.make, step.name}}; }
    static std::string encode(const Step& step) { return (step.make ? "+" : "-") + step.name; }
    static Result<Step> decode(std::string_view text) { return Step{text.front() == '+', std::string{text.substr(1)}}; }
    [[nodiscard]] Result<void> apply(const Step& step) const
    {
        if ((step.make && step.name.starts_with("bad")) || (!step.make && step.name.starts_with("sticky"))) {
            return Error{ErrorCode::busy, "cannot " + describe(step)};
        }
        if (step.make) {
            std::ofstream{folder / step.name} << "x";
        } else {
            std::filesystem::remove(folder / step.name);
        }
        return {};
    }
};
static_assert(Domain<Files>);

class TransactionTest : public ::testing::Test {
protected:
    [[nodiscard]] std::vector<std::string> world() const
    {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator{files_.folder}) {
            names.push_back(entry.path().filename());
        }
        std::ranges::sort(names);
        return names;
    }

    Outcome run(const std::vector<Files::Step>& steps, const Watch& watch = {})
    {
        auto journal = Journal::begin(places_, {"tool", "tool go"});
        EXPECT_TRUE(journal) << journal.error().message;
        return execute<Files>(*journal, files_, steps, watch);
    }

    [[nodiscard]] Record only_record() const
    {
        const auto all = read_all_records(places_, "tool");
        EXPECT_TRUE(all);
        EXPECT_EQ(all->records.size(), 1U);
        return all->records.empty() ? Record{} : all->records.front();
    }

    /// Runs the steps in a child with the fault hook set, and waits for its end.
    int run_in_child(const std::string& fault, const std::vector<Files::Step>& steps)
    {
        const pid_t child = ::fork();
        if (child == 0) {
            ::setenv("KVMKIT_FAULT", fault.c_str(), 1);
            ::_exit(run(steps).ok() ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    }

    testing::TemporaryFolder folder_;
    Places places_{folder_.path() / "state", folder_.path() / "run"};
    Files files_{folder_.path() / "world"};

    void SetUp() override { std::filesystem::create_directory(files_.folder); }
};

using Names = std::vector<std::string>;

TEST_F(TransactionTest, ThatSucceedsIsAppliedAndRecorded)
{
    const auto outcome = run({{true, "a"}, {true, "b"}});
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(world(), (Names{"a", "b"}));
    const Record record = only_record();
    EXPECT_EQ(record.state, State::applied);
    EXPECT_EQ(record.command, "tool go");
    ASSERT_EQ(record.steps.size(), 2U);
    EXPECT_TRUE(record.steps[1].done);
    EXPECT_EQ(record.steps[1].undo, "-b");
    EXPECT_TRUE(alive(record.owner));
}

TEST_F(TransactionTest, ThatFailsUndoesItsStepsNewestFirst)
{
    const auto outcome = run({{true, "a"}, {true, "bad"}, {true, "never"}});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure->message, "cannot make bad");
    EXPECT_EQ(to_error(outcome).code, ErrorCode::busy);
    EXPECT_EQ(world(), Names{});
}

TEST_F(TransactionTest, ThatCannotBeUndoneSaysWhatIsLeft)
{
    const auto outcome = run({{true, "sticky"}, {true, "b"}, {true, "never-bad"}, {true, "bad"}});
    EXPECT_EQ(outcome.left_behind, Names{"make sticky: cannot remove sticky"});
    EXPECT_EQ(to_error(outcome).code, ErrorCode::damaged);
    EXPECT_NE(to_error(outcome).message.find("make sticky: cannot remove sticky"), std::string::npos);
    EXPECT_EQ(world(), Names{"sticky"});
    EXPECT_EQ(only_record().state, State::damaged);
}

TEST_F(TransactionTest, UndoesWhatIsLastOnlyOnceAllElseIsUndone)
{
    auto journal = Journal::begin(places_, {"tool", "tool go"});
    ASSERT_TRUE(journal &&
                execute<Files>(*journal, files_, std::vector<Files::Step>{{true, "a"}, {true, "sticky"}}).ok());
    std::ofstream{files_.folder / "last"} << "x";
    const Intent last{"bring last", "-last", true};
    ASSERT_TRUE(journal->intend({&last, 1}));
    EXPECT_EQ(roll_back(*journal, files_),
              (Names{"make sticky: cannot remove sticky", "bring last: all others must be undone first"}));
    EXPECT_EQ(world(), (Names{"last", "sticky"}));
    const Record left = only_record();
    EXPECT_TRUE(left.steps.back().last) << "the next run knows it, too";
    EXPECT_EQ(still_to_undo(left), (std::vector<std::size_t>{1, 2}));
    ASSERT_TRUE(journal->mark_undone(1));
    EXPECT_EQ(roll_back(*journal, files_), Names{});
    EXPECT_EQ(world(), Names{"sticky"});
}

TEST_F(TransactionTest, ThatIsInterruptedUndoesWhatWasMade)
{
    int asked = 0;
    const auto outcome = run({{true, "a"}, {true, "b"}}, {.interrupted = [&asked] { return ++asked == 2; }});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.failure->code, ErrorCode::interrupted);
    EXPECT_EQ(world(), Names{});
    EXPECT_EQ(only_record().state, State::rolled_back);
}

TEST_F(TransactionTest, OfALivingOwnerIsLeftAlone)
{
    ASSERT_TRUE(run({{true, "a"}}).ok());
    const auto cleanup = undo_orphans(places_, "tool", files_);
    ASSERT_TRUE(cleanup);
    EXPECT_TRUE(cleanup->undone.empty());
    EXPECT_EQ(world(), Names{"a"});
}

TEST_F(TransactionTest, WhoseOwnerWasKilledAnywhereIsUndoneByTheNextRun)
{
    const std::vector<Files::Step> steps{{true, "a"}, {true, "b"}, {true, "c"}};
    for (const auto* moment : {"before", "after"}) {
        for (int step = 0; step < 3; ++step) {
            const int status = run_in_child(fmt::format("kill:{}:{}", moment, step), steps);
            ASSERT_TRUE(WIFSIGNALED(status)) << moment << step;
            EXPECT_EQ(world().size(), static_cast<std::size_t>(step + (moment == std::string{"after"} ? 1 : 0)));

            const auto cleanup = undo_orphans(places_, "tool", files_);
            ASSERT_TRUE(cleanup);
            EXPECT_EQ(cleanup->undone.size(), 1U);
            EXPECT_TRUE(cleanup->failed.empty());
            EXPECT_EQ(world(), Names{}) << moment << step;
            EXPECT_TRUE(undo_orphans(places_, "tool", files_)->undone.empty());
        }
    }
}

TEST_F(TransactionTest, WhoseOwnerWasKilledWhileUndoingIsUndoneByTheNextRun)
{
    const int status = run_in_child("kill:undo:0", {{true, "a"}, {true, "b"}, {true, "bad"}});
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(world(), Names{"a"});
    ASSERT_EQ(undo_orphans(places_, "tool", files_)->undone.size(), 1U);
    EXPECT_EQ(world(), Names{});
}

TEST_F(TransactionTest, OfSeveralKilledOwnersTheNewestIsUndoneFirst)
{
    ASSERT_TRUE(WIFSIGNALED(run_in_child("kill:after:0", {{true, "a"}})));
    ASSERT_TRUE(WIFSIGNALED(run_in_child("kill:after:0", {{false, "a"}})));  // stands on what the first one made
    ASSERT_EQ(undo_orphans(places_, "tool", files_)->undone.size(), 2U);
    EXPECT_EQ(world(), Names{});
}

TEST_F(TransactionTest, AFaultAtAnyStepIsRolledBack)
{
    for (const auto* fault : {"fail:before:0", "fail:after:0", "fail:before:1", "fail:after:1"}) {
        const int status = run_in_child(fault, {{true, "a"}, {true, "b"}});
        EXPECT_EQ(WEXITSTATUS(status), 1) << fault;
        EXPECT_EQ(world(), Names{}) << fault;
    }
}

TEST_F(TransactionTest, ATornLastLineIsIgnored)
{
    ASSERT_TRUE(run({{true, "a"}}).ok());
    const auto path = only_record().directory / "journal";
    std::ofstream{path, std::ios::app} << R"({"state":"clo)";
    EXPECT_EQ(only_record().state, State::applied);
    auto journal = Journal::adopt(only_record());
    ASSERT_TRUE(journal);
    ASSERT_TRUE(journal->enter(State::closed));
    EXPECT_EQ(only_record().state, State::closed);
}

TEST_F(TransactionTest, AJournalThatNeverBeganChangedNothing)
{
    folder_.write("state/txn/tool/20260101T000000-000000-1/journal", "");
    const auto all = read_all_records(places_, "tool");
    ASSERT_TRUE(all);
    EXPECT_TRUE(all->records.empty());
    EXPECT_TRUE(all->damaged.empty());
}

TEST_F(TransactionTest, BegunByThreadsAtOnceHaveIdsOfTheirOwn)
{
    constexpr std::size_t each = 20;
    std::array<std::set<std::string>, 4> ids;
    std::vector<std::thread> threads;
    threads.reserve(ids.size());
    for (auto& mine : ids) {
        threads.emplace_back([this, &mine] {
            for (std::size_t i = 0; i < each; ++i) {
                const auto journal = Journal::begin(places_, {"tool", "tool go"});
                mine.insert(journal ? journal->id() : journal.error().message);
            }
        });
    }
    std::set<std::string> all;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        threads[i].join();
        all.insert(ids[i].begin(), ids[i].end());
    }
    EXPECT_EQ(all.size(), each * ids.size());
    EXPECT_EQ(read_all_records(places_, "tool")->records.size(), each * ids.size());
}

TEST_F(TransactionTest, AStateFolderThatCannotBeWrittenStopsItBeforeAnyChange)
{
    folder_.write("state", "a file where the folder should be");
    const auto journal = Journal::begin(places_, {"tool", "tool go"});
    ASSERT_FALSE(journal);
    EXPECT_NE(journal.error().message.find("cannot create directory"), std::string::npos);
}

TEST_F(TransactionTest, HistoryKeepsTheNewestAndEveryOpenOne)
{
    ASSERT_TRUE(run({{true, "open"}}).ok());
    for (int i = 0; i < 5; ++i) {
        auto journal = Journal::begin(places_, {"tool", fmt::format("tool {}", i)});
        ASSERT_TRUE(journal->enter(State::closed));
    }
    ASSERT_TRUE(prune(places_, "tool", 2));
    const auto all = read_all_records(places_, "tool");
    ASSERT_EQ(all->records.size(), 3U);
    EXPECT_EQ(all->records[0].state, State::applied);
    EXPECT_EQ(all->records[2].command, "tool 4");
}

TEST_F(TransactionTest, ALockNamesItsHolderAndGoesWithIt)
{
    {
        const auto mine = Lock::acquire(places_, "lock.tool", "tool go");
        ASSERT_TRUE(mine) << mine.error().message;
        const auto second = Lock::acquire(places_, "lock.tool", "tool other");
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::locked);
        EXPECT_NE(second.error().message.find(fmt::format("pid {} ('tool go')", ::getpid())), std::string::npos);
        EXPECT_TRUE(Lock::acquire(places_, "lock.other", "tool other"));
    }
    EXPECT_TRUE(std::filesystem::is_empty(places_.runtime));
    EXPECT_TRUE(Lock::acquire(places_, "lock.tool", "tool go"));
}

TEST_F(TransactionTest, FoldersThatOthersMayWriteAreNotTrusted)
{
    ASSERT_TRUE(run({{true, "a"}}).ok());
    std::filesystem::create_directory(places_.runtime);
    std::filesystem::permissions(places_.runtime, std::filesystem::perms::all);
    const auto lock = Lock::acquire(places_, "lock.tool", "tool go");
    ASSERT_FALSE(lock);
    EXPECT_NE(lock.error().message.find("cannot trust"), std::string::npos);

    std::filesystem::permissions(places_.state / "txn", std::filesystem::perms::all);
    const auto cleanup = undo_orphans(places_, "tool", files_);
    ASSERT_FALSE(cleanup);
    EXPECT_EQ(cleanup.error().code, ErrorCode::permission);
    EXPECT_EQ(world(), Names{"a"});
}

TEST_F(TransactionTest, ALockFollowsNoLink)
{
    folder_.write("precious", "bytes");
    std::filesystem::create_directory(places_.runtime);
    std::filesystem::create_symlink(folder_.path() / "precious", places_.runtime / "lock.tool");
    EXPECT_FALSE(Lock::acquire(places_, "lock.tool", "tool go"));
    EXPECT_EQ(folder_.read("precious"), "bytes");
}

TEST_F(TransactionTest, ALockOfAKilledHolderIsFree)
{
    const pid_t child = ::fork();
    if (child == 0) {
        const auto lock = Lock::acquire(places_, "lock.tool", "tool go");
        ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(std::filesystem::exists(places_.runtime / "lock.tool"));
    EXPECT_TRUE(Lock::acquire(places_, "lock.tool", "tool go"));
}

}  // namespace
}  // namespace kvmkit::txn
