// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/ssh_files.hpp"

#include "base/result.hpp"
#include "support/temporary_folder.hpp"
#include "system/runner.hpp"

#include <fstream>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

const std::string uuid = "01234567-89ab-4cde-8f01-23456789abcd";

TEST(SshFiles, KnowTheHostByItsUuid)
{
    EXPECT_EQ(known_hosts_line(uuid, "ssh-ed25519 AAAA web"), uuid + " ssh-ed25519 AAAA\n");
    EXPECT_EQ(known_hosts_line(uuid, "ssh-ed25519"), "");
}

/// ssh itself is the judge of its configuration.
TEST(SshFiles, AreReadBySshAsTheyAreMeant)
{
    const testing::TemporaryFolder folder;
    const SeedPaths paths{folder.path() / "a b%c"};
    std::filesystem::create_directories(paths.folder);
    const Seed seed{.user = "ada", .identities = {"/home/ada/.ssh/id 1"}, .make_key = true};
    std::ofstream{paths.ssh_config()} << ssh_config(seed, uuid, paths);
    auto argv = ssh_command(paths, "web", {"192.0.2.5", 2222}, {"echo", "x"});
    argv.insert(argv.begin() + 1, "-G");
    SystemRunner runner;
    const auto told = runner.run({.argv = argv});
    if (!told) {
        GTEST_SKIP() << told.error().message;
    }
    ASSERT_EQ(told->status, 0) << told->err;
    for (const auto& line : {std::string{"user ada"},
                             std::string{"hostname 192.0.2.5"},
                             std::string{"port 2222"},
                             "hostkeyalias " + uuid,
                             std::string{"stricthostkeychecking true"},
                             std::string{"identityfile /home/ada/.ssh/id 1"},
                             std::string{"globalknownhostsfile /dev/null"}}) {
        EXPECT_NE(told->out.find(line + "\n"), std::string::npos) << line << '\n' << told->out;
    }
    EXPECT_NE(told->out.find("userknownhostsfile"), std::string::npos);
}

TEST(SshFiles, TakeNoAddressForAnOption)
{
    const auto argv = ssh_command(SeedPaths{"/vms/web"}, "web", {"192.0.2.5"}, {"ls", "-l"});
    EXPECT_EQ(
        argv,
        (std::vector<std::string>{
            "ssh", "-F", "/vms/web/ssh_config", "-o", "HostName=192.0.2.5", "-o", "Port=22", "--", "web", "ls", "-l"}));
}

}  // namespace
}  // namespace kvmkit::virt
