// SPDX-License-Identifier: Apache-2.0
#include "setup/hold.hpp"

#include "support/temporary_folder.hpp"
#include "system/runner.hpp"

#include <sys/stat.h>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

constexpr const char* policy = "usr/sbin/policy-rc.d";

class HoldTest : public ::testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directories(folder_.path() / "usr/sbin"); }

    /// What the policy answers for a service, as invoke-rc.d and deb-systemd-invoke ask it.
    int answer(const std::string& service) const
    {
        SystemRunner runner;
        const auto ended = runner.run({.argv = {folder_.path() / policy, service, "start"}});
        return ended ? ended->status : -1;
    }

    void write_policy(int code) const
    {
        folder_.write(policy, "#!/bin/sh\nexit " + std::to_string(code) + "\n");
        ASSERT_EQ(::chmod((folder_.path() / policy).c_str(), 0750), 0);
    }

    testing::TemporaryFolder folder_;
};

TEST_F(HoldTest, KeepsLibvirtAloneFromStarting)
{
    ASSERT_TRUE(hold_libvirt(folder_.path()));
    for (const auto* held : {"libvirtd",
                             "libvirtd.service",
                             "libvirtd-ro.socket",
                             "libvirt-guests.service",
                             "libvirt-bin",
                             "virtnetworkd.socket",
                             "virtqemud.service"}) {
        EXPECT_EQ(answer(held), 101) << held;
    }
    for (const auto* free : {"virtlogd.socket", "ssh.service", "dbus"}) {
        EXPECT_EQ(answer(free), 0) << free;
    }
    ASSERT_TRUE(hold_libvirt(folder_.path())) << "the same again";
    ASSERT_TRUE(release_libvirt(folder_.path()));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "usr/sbin"));
    EXPECT_TRUE(release_libvirt(folder_.path())) << "harmless where nothing is held";
}

TEST_F(HoldTest, LetsThePolicyOfTheAdministratorDecideAboutTheRestAndGivesItBack)
{
    write_policy(104);
    const auto before = folder_.read(policy);
    ASSERT_TRUE(hold_libvirt(folder_.path()));
    EXPECT_EQ(answer("libvirtd.service"), 101);
    EXPECT_EQ(answer("ssh.service"), 104);
    ASSERT_TRUE(hold_libvirt(folder_.path()));
    ASSERT_TRUE(release_libvirt(folder_.path()));
    EXPECT_EQ(folder_.read(policy), before);
    EXPECT_EQ(std::filesystem::status(folder_.path() / policy).permissions(), std::filesystem::perms{0750});
    ASSERT_TRUE(release_libvirt(folder_.path()));
    EXPECT_EQ(folder_.read(policy), before) << "a policy of others is not ours to remove";
}

TEST_F(HoldTest, KeepsALinkALink)
{
    folder_.write("etc/alternatives/policy", "#!/bin/sh\nexit 0\n");
    std::filesystem::create_symlink("../../etc/alternatives/policy", folder_.path() / policy);
    ASSERT_TRUE(hold_libvirt(folder_.path()));
    ASSERT_TRUE(release_libvirt(folder_.path()));
    EXPECT_TRUE(std::filesystem::is_symlink(folder_.path() / policy));
    EXPECT_EQ(folder_.read("etc/alternatives/policy"), "#!/bin/sh\nexit 0\n");
}

}  // namespace
}  // namespace kvmkit::setup
