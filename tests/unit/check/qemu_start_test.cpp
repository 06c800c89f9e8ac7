// SPDX-License-Identifier: Apache-2.0
#include "probe/qemu_start.hpp"
#include "check/catalogue.hpp"
#include "check/qemu_start.hpp"

#include "support/fake_runner.hpp"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

const std::string argv_tail =
    " -S -no-user-config -nodefaults -display none -machine q35 -accel kvm -cpu host,-arch-capabilities -m 128M "
    "-serial none "
    "-qmp stdio";

QemuTrial trial(std::string accel, std::string cpu)
{
    return {.program = "/usr/bin/qemu-system-x86_64",
            .target = "x86_64",
            .accel = std::move(accel),
            .cpu = std::move(cpu),
            .deadline = Deadline::after(std::chrono::seconds{30})};
}

Verdict verdict_of(Fact<QemuStart> start)
{
    HostFacts host;
    host.qemu_start = std::move(start);
    return judge_qemu_start(host);
}

TEST(QemuStart, IsToldWithTheCommandThatWasTried)
{
    testing::FakeRunner runner;
    runner.answer("/usr/bin/qemu-system-x86_64" + argv_tail, {0, "{\"QMP\":{}}\n", ""});
    const auto start = start_qemu(runner, trial("kvm", "host,-arch-capabilities"));
    ASSERT_TRUE(start && *start);
    EXPECT_TRUE((*start)->started);
    EXPECT_EQ(verdict_of(start).status, Status::pass);
    EXPECT_NE(verdict_of(start).evidence.find("-cpu host,-arch-capabilities"), std::string::npos);
}

TEST(QemuStart, FailsWithTheLineThatNamesTheCause)
{
    testing::FakeRunner runner;
    runner.answer("/usr/bin/qemu-system-x86_64" + argv_tail,
                  {134,
                   "",
                   "warning: something else\nqemu: error: failed to set MSR 0x10a to 0x69\n"
                   "qemu: kvm.c:3183: Assertion `ret == n' failed.\n"});
    const auto start = start_qemu(runner, trial("kvm", "host,-arch-capabilities"));
    ASSERT_TRUE(start && *start);
    EXPECT_EQ((*start)->told, "qemu: error: failed to set MSR 0x10a to 0x69");
    const auto verdict = verdict_of(start);
    EXPECT_EQ(verdict.status, Status::fail);
    ASSERT_TRUE(verdict.remedy);
    EXPECT_NE(verdict.remedy->commands.front().find("/usr/bin/qemu-system-x86_64 -S"), std::string::npos);
}

TEST(QemuStart, IsNoFailureWhereNothingIsKnown)
{
    testing::FakeRunner runner;
    auto other = trial("kvm", "host");
    other.target = "pdp11";
    const auto start = start_qemu(runner, other);
    ASSERT_TRUE(start);
    EXPECT_FALSE(*start);
    EXPECT_EQ(verdict_of(start).status, Status::skip);
    EXPECT_EQ(verdict_of(Error{ErrorCode::timeout, "too slow"}).status, Status::unknown);
}

TEST(QemuStart, OfARealQemuEndsAtOnceAndTellsWhatItRefuses)
{
    SystemRunner runner;
    if (!std::filesystem::exists(trial("tcg", "max").program)) {
        if (std::getenv("KVMKIT_TESTS_MUST_RUN") != nullptr) {
            FAIL() << "no QEMU is installed";
        }
        GTEST_SKIP() << "no QEMU is installed";
    }
    const auto start = start_qemu(runner, trial("tcg", "max"));
    ASSERT_TRUE(start) << start.error().message;
    ASSERT_TRUE(*start);
    EXPECT_TRUE((*start)->started) << (*start)->told;
    const auto refused = start_qemu(runner, trial("tcg", "no-such-model"));
    ASSERT_TRUE(refused && *refused);
    EXPECT_FALSE((*refused)->started);
    EXPECT_NE((*refused)->told.find("no-such-model"), std::string::npos) << (*refused)->told;
}

}  // namespace
}  // namespace kvmkit
