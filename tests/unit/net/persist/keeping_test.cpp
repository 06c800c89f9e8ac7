// SPDX-License-Identifier: Apache-2.0
#include "net/persist/keeping.hpp"
#include "net/persist/returns.hpp"
#include "net/persist/writers.hpp"
#include "support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

class KeepingFiles : public ::testing::Test {
protected:
    [[nodiscard]] Result<std::string> write(const std::string& path, const std::optional<std::string>& text) const
    {
        const auto image = text ? std::optional{FileImage{*text}} : std::nullopt;
        return write_files({{path, image}}, host_, run_);
    }

    [[nodiscard]] std::string text(const std::string& path) const
    {
        std::ostringstream text;
        text << std::ifstream{folder_.path() / path}.rdbuf();
        return text.str();
    }

    testing::TemporaryFolder folder_;
    testing::TemporaryFolder journals_;
    PersistHost host_{.top = folder_.path()};
    PersistRun run_{.places = {journals_.path() / "state", journals_.path() / "run"}, .command_line = "test"};
};

TEST_F(KeepingFiles, IsTakenUpAsItWasLaidDown)
{
    const std::string bytes{"password \xff\0 end", 15};
    const Keeping keeping{.manager = Manager::network_manager,
                          .links = {"eth0", "br0"},
                          .files = {{"etc/one", std::nullopt, FileImage{bytes, 0600}},
                                    {"etc/two", FileImage{"/target", 0777, true}, std::nullopt}},
                          .doubts = {"a doubt"},
                          .warnings = {"a warning"},
                          .commands = {"a command"},
                          .ended = true,
                          .transaction = "2026",
                          .failure = "no"};
    ASSERT_TRUE(lay_down(keeping, journals_.path()));
    const auto again = laid_down(journals_.path());
    ASSERT_TRUE(again && *again);
    const Keeping& found = **again;
    EXPECT_EQ(found.manager, keeping.manager);
    EXPECT_EQ(found.links, keeping.links);
    ASSERT_EQ(found.files.size(), 2U);
    EXPECT_EQ(found.files[0].ours, keeping.files[0].ours);
    EXPECT_EQ(found.files[1].old, keeping.files[1].old);
    EXPECT_EQ(found.doubts, keeping.doubts);
    EXPECT_EQ(found.commands, keeping.commands);
    EXPECT_EQ(found.transaction, "2026");
    EXPECT_EQ(found.failure, "no");
    EXPECT_TRUE(found.ended);
    EXPECT_EQ(std::filesystem::status(journals_.path() / "keep").permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(KeepingFiles, NothingLaidDownIsNoError)
{
    const auto found = laid_down(journals_.path());
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->has_value());
    journals_.write("keep", "{\"manager\":");
    EXPECT_FALSE(laid_down(journals_.path()));
    journals_.write("keep", "{}");
    EXPECT_FALSE(laid_down(journals_.path()));
}

TEST_F(KeepingFiles, AReturnGoesThroughAllThatWasWritten)
{
    const auto head = head_line("br0");
    folder_.write("etc/a", "first");
    ASSERT_TRUE(write("etc/a", head + "second"));
    ASSERT_TRUE(write("etc/a", head + "third"));
    ASSERT_TRUE(write("etc/b", head_line("br9")));
    const auto plan = plan_return({"br0"}, host_, run_.places);
    ASSERT_TRUE(plan) << plan.error().message;
    ASSERT_EQ(plan->files.size(), 1U);
    EXPECT_EQ(plan->files[0].old->bytes, head + "third");
    EXPECT_EQ(plan->files[0].ours->bytes, "first");
    EXPECT_TRUE(plan->doubts.empty());
}

TEST_F(KeepingFiles, AReturnStopsWhereSomebodyElseWroteBetween)
{
    const auto head = head_line("br0");
    folder_.write("etc/a", "first");
    ASSERT_TRUE(write("etc/a", head + "second"));
    folder_.write("etc/a", "theirs");
    ASSERT_TRUE(write("etc/a", head + "third"));
    EXPECT_EQ(plan_return({"br0"}, host_, run_.places)->files.at(0).ours->bytes, "theirs");
    folder_.write("etc/a", "theirs again");
    const auto refused = plan_return({"br0"}, host_, run_.places);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_EQ(refused.error().message,
              "cannot give '/etc/a' its old content back: somebody changed it since net-setup wrote it");
}

TEST_F(KeepingFiles, AFileOfOursWithoutAJournalGoesWithADoubt)
{
    folder_.write("etc/systemd/network/10-net-setup-br0.network", head_line("br0"));
    const auto plan = plan_return({"br0"}, host_, run_.places);
    ASSERT_EQ(plan->files.size(), 1U);
    EXPECT_FALSE(plan->files[0].ours);
    EXPECT_EQ(plan->doubts.size(), 1U);
}

TEST_F(KeepingFiles, WhatSomebodyChangedMeanwhileIsNotWritten)
{
    folder_.write("etc/a", "first");
    Keeping keeping{.files = {{"etc/a", FileImage{"first"}, FileImage{"second"}}}};
    folder_.write("etc/a", "theirs");
    const auto failed = fulfil(keeping, journals_.path(), host_, run_);
    EXPECT_EQ(failed.failure, "cannot keep '/etc/a': somebody changed it since the change was made");
    EXPECT_FALSE(failed.reboot_safe());
    EXPECT_EQ(text("etc/a"), "theirs");
    folder_.write("etc/a", "first");
    const auto kept = fulfil(keeping, journals_.path(), host_, run_);
    EXPECT_TRUE(kept.reboot_safe()) << kept.failure;
    EXPECT_EQ(text("etc/a"), "second");
    EXPECT_TRUE((*laid_down(journals_.path()))->ended);
}

}  // namespace
}  // namespace kvmkit::net
