// SPDX-License-Identifier: Apache-2.0
#include "setup/groups.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using Texts = std::vector<std::string>;

class GroupsTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        folder_.write("etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n");
        folder_.write("etc/group", "kvm:x:108:\nlibvirt:x:120:\nalice:x:1000:\n");
    }

    void process(const std::string& pid, const std::string& groups) const
    {
        folder_.write("proc/" + pid + "/status",
                      "Name:\tbash\nUid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\nGroups:\t" + groups + " \n");
        folder_.write("proc/" + pid + "/comm", "bash\n");
    }

    UserState look(const std::string& name = "alice") const
    {
        return observe_user(Root::open(folder_.path()).value(), name);
    }

    testing::TemporaryFolder folder_;
};

Texts texts(const GroupPlan& plan)
{
    Texts all;
    for (const Step& step : plan.steps) {
        all.push_back(describe(step));
    }
    return all;
}

TEST_F(GroupsTest, PutsAUserIntoThoseThatTheUserIsNotIn)
{
    EXPECT_EQ(texts(plan_groups(look(), false)), (Texts{"put alice into group kvm", "put alice into group libvirt"}));
    folder_.write("etc/group", "kvm:x:108:bob,alice\nlibvirt:x:120:\n");
    EXPECT_EQ(texts(plan_groups(look(), false)), Texts{"put alice into group libvirt"});
    folder_.write("etc/passwd", "alice:x:1000:120::/home/alice:/bin/sh\n");
    const auto done = plan_groups(look(), false);
    EXPECT_TRUE(done.steps.empty() && done.notes.empty() && !done.relogin) << "a primary group counts as well";
}

TEST_F(GroupsTest, SaysWhoMustLogInAgain)
{
    folder_.write("etc/group", "kvm:x:108:alice\nlibvirt:x:120:alice\n");
    EXPECT_FALSE(plan_groups(look(), false).relogin) << "alice is not there";
    process("700", "108 1000");
    const auto plan = plan_groups(look(), false);
    EXPECT_TRUE(plan.steps.empty() && plan.relogin);
    EXPECT_EQ(plan.notes, Texts{"alice must log in again: what runs now is not in group libvirt (pid 700 (bash))"});
    process("700", "108 120 1000");
    EXPECT_FALSE(plan_groups(look(), false).relogin);
}

TEST_F(GroupsTest, WaitsForGroupsThatPackagesBring)
{
    folder_.write("etc/group", "alice:x:1000:\n");
    process("700", "1000");
    const auto now = plan_groups(look(), false);
    EXPECT_TRUE(now.steps.empty());
    EXPECT_EQ(now.notes.at(0), "there is no group kvm: host-setup apply hypervisor groups");
    EXPECT_EQ(texts(plan_groups(look(), true)), (Texts{"put alice into group kvm", "put alice into group libvirt"}));
    EXPECT_TRUE(plan_groups(look(), true).relogin);
}

TEST_F(GroupsTest, HasNothingToDoForNobodyAndForRoot)
{
    for (const auto* name : {"", "root"}) {
        const auto plan = plan_groups(look(name), true);
        EXPECT_TRUE(plan.steps.empty() && plan.notes.empty() && !plan.relogin) << name;
    }
    const auto unknown = plan_groups(look("carol"), true);
    EXPECT_TRUE(unknown.steps.empty());
    EXPECT_NE(unknown.notes.at(0).find("/etc/passwd has no such user"), std::string::npos);
}

}  // namespace
}  // namespace kvmkit::setup
