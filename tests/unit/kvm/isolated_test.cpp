// SPDX-License-Identifier: Apache-2.0
#include "kvm/isolated.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include <gtest/gtest.h>

namespace kvmkit::kvm {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

void tell(int fd, int number)
{
    (void)!::write(fd, &number, sizeof number);
}

int told(const ChildReport& report)
{
    int number = 0;
    EXPECT_EQ(report.record.size(), sizeof number);
    std::memcpy(&number, report.record.data(), std::min(report.record.size(), sizeof number));
    return number;
}

TEST(Isolated, KeepsTheLastCompleteRecord)
{
    const auto report = run_isolated(
        [](int fd) {
            tell(fd, 1);
            tell(fd, 2);
            (void)!::write(fd, "x", 1);
        },
        sizeof(int),
        Deadline::after(5s));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->end, ChildEnd::finished);
    EXPECT_EQ(told(*report), 2);
}

TEST(Isolated, KillsAChildThatHangsAndLeavesNothing)
{
    const auto begin = Clock::now();
    const auto report = run_isolated(
        [](int fd) {
            tell(fd, ::getpid());
            while (true) {
                ::pause();
            }
        },
        sizeof(int),
        Deadline::after(100ms));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->end, ChildEnd::out_of_time);
    EXPECT_LT(Clock::now() - begin, 5s);
    EXPECT_EQ(::kill(told(*report), 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST(Isolated, KillsAChildThatClosesItsPipeAndGoesOn)
{
    const auto report = run_isolated(
        [](int fd) {
            ::close(fd);
            while (true) {
                ::pause();
            }
        },
        sizeof(int),
        Deadline::after(100ms));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->end, ChildEnd::out_of_time);
    EXPECT_TRUE(report->record.empty());
}

TEST(Isolated, TellsOfWhichSignalAChildDied)
{
    const auto report = run_isolated(
        [](int fd) {
            tell(fd, 7);
            ::raise(SIGKILL);
        },
        sizeof(int),
        Deadline::after(5s));
    ASSERT_TRUE(report);
    EXPECT_EQ(report->end, ChildEnd::died);
    EXPECT_EQ(report->signal, SIGKILL);
    EXPECT_EQ(told(*report), 7);
}

TEST(Isolated, TakesTheChildDownWithItsParent)
{
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // the orphan is ours to bury
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t parent = ::fork();
    if (parent == 0) {
        (void)run_isolated(
            [&ends](int) {
                tell(ends[1], ::getpid());
                while (true) {
                    ::pause();
                }
            },
            sizeof(int),
            Deadline::after(60s));
        ::_exit(0);
    }
    ::close(ends[1]);
    int child = 0;
    ASSERT_EQ(::read(ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    char rest = 0;
    EXPECT_EQ(::read(ends[0], &rest, 1), 0);  // the end of file comes once the child, which holds the pipe, is gone
    ::close(ends[0]);
    EXPECT_EQ(::waitpid(child, nullptr, 0), child);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(Isolated, GivesTheChildLimits)
{
    const auto report = run_isolated(
        [](int fd) {
            struct rlimit core {};
            struct rlimit file {};
            ::getrlimit(RLIMIT_CORE, &core);
            ::getrlimit(RLIMIT_FSIZE, &file);
            tell(fd, core.rlim_max == 0 && file.rlim_max == 0 ? 1 : 2);
        },
        sizeof(int),
        Deadline::after(5s));
    ASSERT_TRUE(report);
    EXPECT_EQ(told(*report), 1);
}

}  // namespace
}  // namespace kvmkit::kvm
