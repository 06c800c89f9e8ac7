// SPDX-License-Identifier: Apache-2.0
// Transactions of a domain that makes several steps at once.
#include "support/temporary_folder.hpp"
#include "txn/execute.hpp"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

namespace kvmkit::txn {
namespace {

using Names = std::vector<std::string>;

/// Makes steps in rows of two; those named "bad" fail. What it was asked to undo is written down.
struct Pairs {
    using Step = std::string;

    std::vector<Step> prepared = {};
    Names made = {};
    Names undone = {};

    static std::string describe(const Step& step) { return "make " + step; }
    static std::string encode(const Step& step) { return step; }
    static Result<Step> decode(std::string_view text) { return Step{text}; }
    static Result<std::optional<Step>> inverse(const Step& step) { return std::optional{"un" + step}; }
    Result<void> apply(const Step& step)
    {
        undone.push_back(step);
        return {};
    }
    Result<std::vector<std::optional<Step>>> prepare(std::span<const Step> steps)
    {
        prepared.assign(steps.begin(), steps.end());
        std::vector<std::optional<Step>> inverses;
        std::ranges::transform(steps, std::back_inserter(inverses), [](const Step& step) { return "un" + step; });
        return inverses;
    }
    [[nodiscard]] std::size_t next(std::size_t most) const { return std::min({most, prepared.size(), std::size_t{2}}); }
    Result<void> make(std::size_t count)
    {
        const Names row{prepared.begin(), prepared.begin() + static_cast<std::ptrdiff_t>(count)};
        prepared.erase(prepared.begin(), prepared.begin() + static_cast<std::ptrdiff_t>(count));
        made.insert(made.end(), row.begin(), row.end());
        return std::ranges::count(row, "bad") == 0 ? Result<void>{} : Error{ErrorCode::busy, "cannot make bad"};
    }
    static std::size_t undo(std::span<const Step> /*steps*/) { return 0; }
};
static_assert(BatchingDomain<Pairs>);

class BatchTest : public ::testing::Test {
protected:
    Outcome run(const std::vector<std::string>& steps, const Watch& watch = {})
    {
        journal_.emplace(Journal::begin(places_, {"tool", "tool go"}).value());
        return execute<Pairs>(*journal_, domain_, steps, watch);
    }

    testing::TemporaryFolder folder_;
    Places places_{folder_.path() / "state", folder_.path() / "run"};
    Pairs domain_;
    std::optional<Journal> journal_;
};

TEST_F(BatchTest, TellsOfARowBeforeAndAfterItIsMade)
{
    Names told;
    const auto outcome = run({"a", "b", "c"},
                             {.announce = [&told](const std::string& text) { told.push_back(text); },
                              .made = [&told] { told.emplace_back("made"); }});
    ASSERT_TRUE(outcome.ok());
    EXPECT_EQ(told, (Names{"make a", "make b", "made", "make c", "made"}));
}

TEST_F(BatchTest, UndoesNothingThatWasNeverTried)
{
    const auto outcome = run({"a", "b", "c", "bad", "e", "f"});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(domain_.made, (Names{"a", "b", "c", "bad"}));
    EXPECT_EQ(domain_.undone, (Names{"unbad", "unc", "unb", "una"}));
    EXPECT_EQ(journal_->record().state, State::rolled_back);
    EXPECT_EQ(read_record(journal_->record().directory).value().steps.size(), 6U) << "all were on the disk before";
}

TEST_F(BatchTest, AnInterruptionUndoesTheRowsBeforeIt)
{
    int asked = 0;
    const auto outcome = run({"a", "b", "c"}, {.interrupted = [&asked] { return ++asked == 2; }});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(domain_.made, (Names{"a", "b"}));
    EXPECT_EQ(domain_.undone, (Names{"unb", "una"})) << "c was never tried";
}

}  // namespace
}  // namespace kvmkit::txn
