// SPDX-License-Identifier: Apache-2.0
#include "system/files.hpp"
#include "support/temporary_folder.hpp"
#include "system/clock.hpp"
#include "system/root.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using testing::TemporaryFolder;

TEST(Root, ReadsLinksAsTheyAreWritten)
{
    const TemporaryFolder folder;
    folder.write("file", "x\n");
    std::filesystem::create_symlink("/usr/bin/gone (deleted)", folder.path() / "exe");
    const auto root = Root::open(folder.path()).value();
    EXPECT_EQ(root.link_target("exe")->value(), "/usr/bin/gone (deleted)");
    EXPECT_FALSE(root.link_target("nothing")->has_value());
    EXPECT_FALSE(root.link_target("file"));
}

TEST(Root, TellsAbsentFromUnreadable)
{
    const TemporaryFolder folder;
    folder.write("proc/cpuinfo", "x\n");
    std::filesystem::create_directory(folder.path() / "sys");
    const auto root = Root::open(folder.path());
    ASSERT_TRUE(root) << root.error().message;
    EXPECT_FALSE(root->is_this_host());
    EXPECT_EQ(root->read("proc/cpuinfo")->value(), "x\n");
    EXPECT_FALSE(root->read("proc/nothing")->has_value());
    EXPECT_FALSE(root->read("proc/cpuinfo/below")->has_value());
    EXPECT_FALSE(root->read("sys"));
    EXPECT_FALSE(root->read("proc/cpuinfo", 1));
    EXPECT_EQ(root->names("")->value_or(std::vector<std::string>{}), std::vector<std::string>{});
    EXPECT_EQ(root->names(".")->value(), (std::vector<std::string>{"proc", "sys"}));
}

TEST(Root, KnowsTheRunningHost)
{
    EXPECT_TRUE(Root::open("/")->is_this_host());
    EXPECT_EQ(Root::open("/no/such/folder").error().code, ErrorCode::not_found);
}

TEST(WriteAtomically, KeepsExtendedAttributes)
{
    const TemporaryFolder folder;
    folder.write("file", "old");
    const auto path = folder.path() / "file";
    if (::setxattr(path.c_str(), "user.note", "mine", 4, 0) != 0 && errno == ENOTSUP) {
        GTEST_SKIP() << "this file system keeps no extended attributes";
    }
    ASSERT_TRUE(write_atomically(path, "new", 0640));
    std::array<char, 8> kept{};
    EXPECT_EQ(::getxattr(path.c_str(), "user.note", kept.data(), kept.size()), 4);
    EXPECT_STREQ(kept.data(), "mine");
    EXPECT_EQ(folder.read("file"), "new");
    ASSERT_TRUE(write_atomically(folder.path() / "other", "x", 0600));
    EXPECT_EQ(::listxattr((folder.path() / "other").c_str(), nullptr, 0), 0);
}

TEST(WriteAtomically, ReplacesBytesAndMode)
{
    const TemporaryFolder folder;
    folder.write("file", "old");
    ASSERT_TRUE(write_atomically(folder.path() / "file", "new", 0640));
    EXPECT_EQ(folder.read("file"), "new");
    struct stat found {};
    ASSERT_EQ(::stat((folder.path() / "file").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0640U);
}

TEST(WriteAtomically, LeavesTheOldFileAndNoOtherOnFailure)
{
    const TemporaryFolder folder;
    std::filesystem::create_directories(folder.path() / "taken/by-a-folder");
    EXPECT_FALSE(write_atomically(folder.path() / "taken", "new", 0600));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.path()}, {}), 1);
    EXPECT_FALSE(write_atomically(folder.path() / "no/such/folder", "new", 0600));
}

TEST(WriteNew, ReplacesNothing)
{
    const TemporaryFolder folder;
    ASSERT_TRUE(write_new(folder.path() / "file", "first", 0600));
    const auto second = write_new(folder.path() / "file", "second", 0600);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::exists);
    EXPECT_EQ(folder.read("file"), "first");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator{folder.path()}, {}), 1);
}

TEST(ProcessStartTime, NamesThisProcessAndNoDeadOne)
{
    EXPECT_TRUE(process_start_time(::getpid()));
    EXPECT_FALSE(process_start_time(0x3fffffff));
    EXPECT_EQ(boot_id()->size(), 36U);
    EXPECT_EQ(iso_time(std::chrono::sys_seconds{std::chrono::seconds{0}}), "1970-01-01T00:00:00Z");
}

}  // namespace
}  // namespace kvmkit
