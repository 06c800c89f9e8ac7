// SPDX-License-Identifier: Apache-2.0
#include "virt/launch/boot_watch.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

using Lines = std::vector<std::string>;

TEST(BootWatch, TakesTheFirstByteAsBootWhereNothingElseIsPromised)
{
    BootWatch watch{boot_sign_for("console=ttyS0 root=/dev/vda1")};
    EXPECT_FALSE(watch.booted());
    watch.feed("");
    EXPECT_FALSE(watch.booted());
    watch.feed("[");
    EXPECT_TRUE(watch.booted());
}

TEST(BootWatch, WaitsForTheReadyLineOfAGuestThatPromisesIt)
{
    BootWatch watch{boot_sign_for("console=ttyS0 quiet kvmkit.name=web")};
    watch.feed("[    0.000000] Linux version 6.1\r\nKVMKIT-GUEST disk vda 1024\r\nKVMKIT-GUE");
    EXPECT_FALSE(watch.booted());
    watch.feed("ST ready NAME=web IP=none SVM=0 VMX=0\r");
    EXPECT_FALSE(watch.booted());
    watch.feed("\n");
    EXPECT_TRUE(watch.booted());
    EXPECT_EQ(watch.ready_line(), "KVMKIT-GUEST ready NAME=web IP=none SVM=0 VMX=0");
}

TEST(BootWatch, IsNotTakenInByAReadyLineInsideAnotherLine)
{
    BootWatch watch{BootSign::ready_line};
    watch.feed("echo KVMKIT-GUEST ready NAME=x\n");
    EXPECT_FALSE(watch.booted());
}

TEST(BootWatch, SeesAPanic)
{
    BootWatch watch{BootSign::ready_line};
    watch.feed("[ 1.5] Kernel panic - not syncing: VFS: Unable to mount root fs");
    EXPECT_FALSE(watch.panicked());
    watch.feed(" on unknown-block(0,0)\n");
    EXPECT_TRUE(watch.panicked());
    EXPECT_FALSE(watch.booted());
}

TEST(BootWatch, KeepsTheLastLinesWithoutBlankOnesAndControlCharacters)
{
    BootWatch watch{BootSign::any_output};
    for (int i = 0; i < 30; ++i) {
        watch.feed(fmt::format("line {}\r\n\r\n", i));
    }
    watch.feed("\x1b[2Jlogin: ");
    const Lines lines = watch.last_lines();
    ASSERT_EQ(lines.size(), 13U);
    EXPECT_EQ(lines.front(), "line 18");
    EXPECT_EQ(lines.back(), "[2Jlogin: ");
}

TEST(BootWatch, IsNotFilledByALineWithoutEnd)
{
    BootWatch watch{BootSign::any_output};
    for (int i = 0; i < 100; ++i) {
        watch.feed(std::string(1000, 'x'));
    }
    EXPECT_EQ(watch.last_lines().front().size(), 1024U);
}

TEST(BootWatch, KeepsTheLineThatNamesThePanicBeforeALongTrace)
{
    BootWatch watch{BootSign::ready_line};
    watch.feed("Kernel panic - not syncing: sysrq\r\n");
    for (int i = 0; i < 40; ++i) {
        watch.feed("Call trace " + std::to_string(i) + "\r\n");
    }
    const auto kept = watch.last_lines();
    EXPECT_EQ(kept.front(), "Kernel panic - not syncing: sysrq");
    EXPECT_EQ(kept.back(), "Call trace 39");
}

}  // namespace
}  // namespace kvmkit::virt
