// SPDX-License-Identifier: Apache-2.0
#include "system/runner.hpp"
#include "base/unique_fd.hpp"
#include "support/temporary_folder.hpp"
#include "system/signals.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using std::chrono::milliseconds;

TEST(SystemRunner, KeepsOutputErrorsAndStatusApart)
{
    const auto done = SystemRunner{}.run({.argv = {"sh", "-c", "echo out; echo err >&2; exit 7"}});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->status, 7);
    EXPECT_EQ(done->out, "out\n");
    EXPECT_EQ(done->err, "err\n");
}

TEST(SystemRunner, SurvivesOutputLargerThanAPipe)
{
    const auto done =
        SystemRunner{}.run({.argv = {"sh", "-c", "head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2"}});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->out.size(), 3'000'000U);
    EXPECT_EQ(done->err.size(), 300'000U);
}

TEST(SystemRunner, HandsADescriptorOnAsStandardInput)
{
    const testing::TemporaryFolder folder;
    folder.write("input", "from a file");
    const UniqueFd file{::open((folder.path() / "input").c_str(), O_RDONLY | O_CLOEXEC)};
    ChildCommand cat{.argv = {"cat"}};
    cat.input_fd = file.get();
    EXPECT_EQ(SystemRunner{}.run(cat)->out, "from a file");
    EXPECT_EQ(SystemRunner{}.run({.argv = {"cat"}})->out, "");
}

TEST(SystemRunner, KillsWhatWritesTooMuch)
{
    ChildCommand yes{.argv = {"yes"}};
    yes.most_out = 100'000;
    const auto done = SystemRunner{}.run(yes);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::refused);
}

TEST(SystemRunner, TellsAMissingProgramFromAFailingOne)
{
    const auto done = SystemRunner{}.run({.argv = {"kvmkit-no-such-program"}});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::not_found);
    EXPECT_EQ(done.error().message, "cannot run 'kvmkit-no-such-program': No such file or directory");
}

TEST(SystemRunner, EndsAProgramThatDoesNotEnd)
{
    const auto start = std::chrono::steady_clock::now();
    const auto done = SystemRunner{}.run({.argv = {"sh", "-c", "sleep 60 & sleep 60"}, .timeout = milliseconds{200}});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{10});
}

TEST(SystemRunner, DoesNotWaitForADaemonThatHoldsThePipe)
{
    const auto start = std::chrono::steady_clock::now();
    const auto done = SystemRunner{}.run({.argv = {"sh", "-c", "sleep 20 & echo started"}});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->out, "started\n");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds{10});
}

TEST(SystemRunner, GivesNoInputAndNoTerminal)
{
    const auto done =
        SystemRunner{}.run({.argv = {"sh", "-c", "cat; (: </dev/tty) 2>/dev/null && echo terminal; true"}});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->out, "");
}

TEST(SystemRunner, HandsLinesOnAsTheyCome)
{
    std::vector<std::string> seen;
    ChildCommand command{.argv = {"printf", "one\\ntwo\\nrest"}};
    command.on_line = [&seen](std::string_view line) { seen.emplace_back(line); };
    ASSERT_TRUE(SystemRunner{}.run(command));
    EXPECT_EQ(seen, (std::vector<std::string>{"one", "two", "rest"}));
    seen.clear();
    command = {.argv = {"sh", "-c", "echo out; printf 'one\\nrest' >&2"}};
    command.on_error_line = [&seen](std::string_view line) { seen.emplace_back(line); };
    ASSERT_TRUE(SystemRunner{}.run(command));
    EXPECT_EQ(seen, (std::vector<std::string>{"one", "rest"})) << "of standard error alone";
}

TEST(SystemRunner, SetsVariablesOverItsOwn)
{
    const auto done = SystemRunner{}.run(
        {.argv = {"sh", "-c", "echo $KVMKIT_X $HOME"}, .environment = {{"KVMKIT_X", "1"}, {"HOME", "/h"}}});
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->out, "1 /h\n");
}

TEST(ShellLine, QuotesWhatAShellWouldChange)
{
    EXPECT_EQ(shell_line({"virsh", "-c", "qemu:///system", "a b", "it's", ""}),
              "virsh -c qemu:///system 'a b' 'it'\\''s' ''");
}

TEST(SignalWatch, RemembersTheFirstSignalInsteadOfDying)
{
    auto watch = SignalWatch::open();
    ASSERT_TRUE(watch) << watch.error().message;
    EXPECT_EQ(watch->caught(), std::nullopt);
    ASSERT_EQ(::kill(::getpid(), SIGTERM), 0);
    EXPECT_EQ(watch->caught(), SIGTERM);
    ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
    EXPECT_EQ(watch->caught(), SIGTERM);
}

TEST(SignalWatch, SleepsUntilATimeOrASignal)
{
    using Clock = std::chrono::steady_clock;
    auto watch = SignalWatch::open();
    ASSERT_TRUE(watch) << watch.error().message;
    const auto end = Clock::now() + milliseconds{20};
    EXPECT_TRUE(watch->sleep_until(end));
    EXPECT_GE(Clock::now(), end);
    ASSERT_EQ(::kill(::getpid(), SIGINT), 0);
    EXPECT_FALSE(watch->sleep_until(Clock::now() + std::chrono::hours{1}));
}

TEST(SignalWatch, PassesASignalOnToAsManyAsThereAre)
{
    const UniqueFd raised{::eventfd(0, EFD_CLOEXEC)};
    auto one = SignalWatch::relay(UniqueFd{::dup(raised.get())});
    auto other = SignalWatch::relay(UniqueFd{::dup(raised.get())});
    EXPECT_EQ(one.caught(), std::nullopt);
    const std::uint64_t count = 1;
    ASSERT_EQ(::write(raised.get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
    EXPECT_EQ(one.caught(), SIGINT);
    EXPECT_EQ(other.caught(), SIGINT);
    EXPECT_EQ(one.caught(), SIGINT);
}

}  // namespace
}  // namespace kvmkit
