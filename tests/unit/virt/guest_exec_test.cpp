// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/guest_exec.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

GuestExit end_of(std::string_view answer)
{
    const auto parsed = parse_guest_exit(answer);
    EXPECT_TRUE(parsed && *parsed) << answer;
    return parsed && *parsed ? **parsed : GuestExit{-1, {}, {}};
}

TEST(GuestExitTest, HoldsStatusAndWhatWasPrinted)
{
    const auto end = end_of(R"({"return":{"exitcode":7,"out-data":"aGkK","err-data":"b2g=","exited":true}})");
    EXPECT_EQ(end.status, 7);
    EXPECT_EQ(end.out, "hi\n");
    EXPECT_EQ(end.err, "oh");
    EXPECT_FALSE(end.cut);
    EXPECT_EQ(end_of(R"({"return":{"signal":9,"exited":true,"out-truncated":true}})").status, 137);
    EXPECT_TRUE(end_of(R"({"return":{"signal":9,"exited":true,"out-truncated":true}})").cut);
}

TEST(GuestExitTest, IsAbsentWhileTheProgramRuns)
{
    const auto parsed = parse_guest_exit(R"({"return":{"exited":false}})");
    ASSERT_TRUE(parsed);
    EXPECT_FALSE(*parsed);
}

TEST(GuestExitTest, IsNoneForWhatMakesNoSense)
{
    for (const auto* answer : {"", "[]", "{}", R"({"return":7})", R"({"return":{}})", R"({"return":[1]})"}) {
        EXPECT_FALSE(parse_guest_exit(answer)) << answer;
    }
    EXPECT_EQ(end_of(R"({"return":{"exited":true,"exitcode":"x","out-data":"!"}})").out, "");
}

}  // namespace
}  // namespace kvmkit::virt
