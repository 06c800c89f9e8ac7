// SPDX-License-Identifier: Apache-2.0
#include "probe/kvm_users.hpp"

#include "facts/resources.hpp"
#include "probe/resources.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

void add_link(FileTree& tree, const std::string& path, const std::string& target)
{
    add_file(tree, path, target);
    tree[path].kind = TreeEntry::Kind::link;
}

void add_process(FileTree& tree, const std::string& pid, const std::string& comm)
{
    add_file(tree, "proc/" + pid + "/comm", comm + "\n");
    add_file(tree, "proc/" + pid + "/cmdline", comm);
    add_directory(tree, "proc/" + pid + "/fd");
}

TEST(KvmUsers, AreFoundByTheirOpenFiles)
{
    FileTree tree;
    add_process(tree, "10", "qemu-system-x86");
    add_link(tree, "proc/10/fd/3", "/dev/kvm");
    add_link(tree, "proc/10/fd/9", "anon_inode:kvm-vm");
    add_process(tree, "11", "bad\x1b[31mname");
    add_link(tree, "proc/11/fd/0", "/dev/kvm");
    add_process(tree, "12", "bash");
    add_link(tree, "proc/12/fd/0", "/dev/kvm.d/x");
    add_link(tree, "proc/12/fd/1", "anon_inode:[eventfd]");
    add_process(tree, "13", "daemon");
    add_file(tree, "proc/14/cmdline", "");
    Root root = Root::of(std::move(tree));
    root.refuse("proc/13/fd", EACCES);
    root.refuse("proc/14/fd", EACCES);  // a thread of the kernel
    const auto found = find_kvm_users(root);
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->hidden, 1U);
    ASSERT_EQ((*found)->users.size(), 2U);
    EXPECT_EQ((*found)->users[0], (KvmUser{10, "qemu-system-x86", true}));
    EXPECT_FALSE((*found)->users[1].machine);
    EXPECT_EQ((*found)->users[1].command.find('\x1b'), std::string::npos);
}

TEST(KvmUsers, AreAbsentWithoutProcesses)
{
    const auto found = find_kvm_users(Root::of({}));
    EXPECT_TRUE(found && !*found);
}

TEST(DeviceList, AllowsByNumberAndByStar)
{
    EXPECT_TRUE(allows_device("a *:* rwm\n", 10, 232));
    EXPECT_TRUE(allows_device("c 1:3 rwm\nc 10:232 rw\n", 10, 232));
    EXPECT_TRUE(allows_device("c 10:* rwm\n", 10, 232));
    for (const auto* list :
         {"", "c 10:232 m\n", "b 10:232 rwm\n", "c 10:200 rwm\n", "c 10 rwm\n", "c 10:232\n", "c :: rw"}) {
        EXPECT_FALSE(allows_device(list, 10, 232)) << list;
    }
}

TEST(DeviceLists, AreReadOfOurOwnGroupAndOfLibvirts)
{
    FileTree tree;
    add_file(tree, "proc/self/cgroup", "5:devices:/user.slice\n0::/user.slice\n");
    add_file(tree, "sys/fs/cgroup/devices/user.slice/devices.list", "c 1:3 rwm\n");
    add_file(tree, "sys/fs/cgroup/devices/machine.slice/devices.list", "a *:* rwm\n");
    const auto lists = read_resources(Root::of(std::move(tree))).device_lists;
    ASSERT_TRUE(lists && *lists);
    EXPECT_EQ(**lists, (std::vector<DeviceList>{{"machine.slice", true}, {"user.slice", false}}));
    EXPECT_FALSE(*read_resources(Root::of({})).device_lists);
}

}  // namespace
}  // namespace kvmkit
