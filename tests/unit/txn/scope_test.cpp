// SPDX-License-Identifier: Apache-2.0
#include "txn/scope.hpp"

#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::txn {
namespace {

const std::string line =
    "busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager "
    "StartTransientUnit "
    "'ssa(sv)a(sa(sv))' tool-1.scope fail 2 PIDs au 1 77 Slice s system.slice 0";

TEST(Scope, IsNotAskedForWhereSystemdDoesNotRun)
{
    const kvmkit::testing::TemporaryFolder root;
    kvmkit::testing::FakeRunner runner;
    EXPECT_TRUE(move_to_own_scope(runner, 77, "tool-1.scope", root.path()));
    EXPECT_TRUE(runner.ran().empty());
}

TEST(Scope, IsOneOfTheSystemsSlice)
{
    const kvmkit::testing::TemporaryFolder root;
    std::filesystem::create_directories(root.path() / "run/systemd/system");
    kvmkit::testing::FakeRunner runner;
    runner.answer(line, {});
    EXPECT_TRUE(move_to_own_scope(runner, 77, "tool-1.scope", root.path()));
    EXPECT_EQ(runner.ran(), std::vector<std::string>{line});
}

TEST(Scope, RefusalIsToldInSystemdsWords)
{
    const kvmkit::testing::TemporaryFolder root;
    std::filesystem::create_directories(root.path() / "run/systemd/system");
    kvmkit::testing::FakeRunner runner;
    runner.answer(line, {1, "", "Call failed: Access denied\nmore\n"});
    const auto moved = move_to_own_scope(runner, 77, "tool-1.scope", root.path());
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().message, "cannot give the watchdog a cgroup of its own: Call failed: Access denied");
}

}  // namespace
}  // namespace kvmkit::txn
