// SPDX-License-Identifier: Apache-2.0
#include "setup/mend.hpp"
#include "setup/mender.hpp"

#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using Texts = std::vector<std::string>;

Texts texts(const std::vector<Step>& steps)
{
    Texts all;
    for (const Step& step : steps) {
        all.push_back(describe(step));
    }
    return all;
}

/// An AMD host as a fresh installation has it: the module loaded, the node open to group kvm, systemd at work.
Ailing healthy()
{
    return {.module = {.name = "kvm_amd", .loaded = true, .available = true, .loader = true},
            .device = {.present = true, .owner_group = 108, .mode = 0660, .kvm_group = 108, .udev_runs = true},
            .kvm_members = {"bob"},
            .service = {.manager = Manager::systemd, .daemon = Daemon::stopped, .unit = "libvirtd.socket"}};
}

Mending mend(const Ailing& host, const std::string& check, const std::string& user = "alice")
{
    return plan_mending(host, {.checks = {check}, .user = user, .qemu_account = "libvirt-qemu"});
}

TEST(Mending, LoadsAndKeepsAModule)
{
    auto host = healthy();
    host.module.loaded = false;
    const auto plan = mend(host, "kvm.module");
    EXPECT_EQ(texts(plan.steps), (Texts{"load module kvm_amd", "write /etc/modules-load.d/kvmkit.conf"}));
    EXPECT_EQ(plan.mends, Texts{"kvm.module"});
    host.module.available = false;
    EXPECT_EQ(mend(host, "kvm.module").by_hand, Texts{"kvm.module"}) << "a container, or another kernel's modules";
    EXPECT_TRUE(mend(host, "kvm.module").steps.empty());
}

TEST(Mending, OpensTheDeviceAndPutsTheUserIntoItsGroup)
{
    auto host = healthy();
    EXPECT_EQ(texts(mend(host, "kvm.access").steps), Texts{"put alice into group kvm"});
    EXPECT_TRUE(mend(host, "kvm.access", "bob").steps.empty()) << "who is in the group logs in again";
    host.device.owner_group = 0;
    host.device.udev_runs = false;
    EXPECT_EQ(texts(mend(host, "kvm.access").steps),
              (Texts{"open /dev/kvm to group kvm (mode 0660)", "put alice into group kvm"}));
    host.device.kvm_group.reset();
    host.device.udev_runs = true;
    EXPECT_EQ(texts(mend(host, "kvm.access").steps),
              (Texts{"make group kvm",
                     "write /etc/udev/rules.d/99-kvmkit.rules",
                     "open /dev/kvm to group kvm (mode 0660)",
                     "put alice into group kvm"}));
}

TEST(Mending, MakesANodeButRemovesNone)
{
    auto host = healthy();
    EXPECT_EQ(mend(host, "kvm.device").by_hand, Texts{"kvm.device"}) << "something else stands there";
    host.device.present = false;
    host.device.udev_runs = false;
    EXPECT_EQ(texts(mend(host, "kvm.device").steps),
              (Texts{"make the node /dev/kvm (character device 10:232)", "open /dev/kvm to group kvm (mode 0660)"}));
}

TEST(Mending, SwitchesNestingOnWhileNobodyUsesTheModule)
{
    auto host = healthy();
    EXPECT_EQ(texts(mend(host, "nested.param").steps),
              (Texts{"unload module kvm_amd", "write /etc/modprobe.d/kvmkit-nested.conf", "load module kvm_amd"}));
    host.nested.busy = true;
    const auto later = mend(host, "nested.param");
    EXPECT_EQ(texts(later.steps), Texts{"write /etc/modprobe.d/kvmkit-nested.conf"});
    EXPECT_EQ(later.later, Texts{"nested.param"});
    EXPECT_TRUE(later.mends.empty());
    ASSERT_EQ(later.notes.size(), 1U);
    host.nested.built_in = true;
    EXPECT_EQ(mend(host, "nested.param").by_hand, Texts{"nested.param"});
}

TEST(Mending, StartsLibvirtButNotWhatSomebodyMasked)
{
    auto host = healthy();
    EXPECT_EQ(texts(mend(host, "libvirt.service").steps),
              (Texts{"enable libvirtd.service", "start libvirtd.socket", "wait for libvirt to answer"}));
    host.service.daemon = Daemon::masked;
    EXPECT_EQ(mend(host, "libvirt.service").by_hand, Texts{"libvirt.service"});
    host.service = {};
    EXPECT_EQ(mend(host, "libvirt.service").by_hand, Texts{"libvirt.service"});
}

TEST(Mending, StartsTheModularDaemonsWhereTheyServe)
{
    auto host = healthy();
    host.service.unit = "virtqemud.socket";
    host.service.modular = true;
    const auto steps = texts(mend(host, "libvirt.service").steps);
    EXPECT_EQ(steps.front(), "enable virtqemud.socket");
    EXPECT_EQ(steps.back(), "wait for libvirt to answer");
    EXPECT_TRUE(std::ranges::none_of(steps, [](const auto& text) { return text.find("libvirtd") != text.npos; }));
    EXPECT_NE(std::ranges::find(steps, "start virtnetworkd.socket"), steps.end());
    host.service.enabled = true;
    EXPECT_EQ(texts(mend(host, "libvirt.service").steps).front(), "start virtqemud.socket");
    host.service.daemon = Daemon::masked;
    EXPECT_EQ(mend(host, "libvirt.service").by_hand, Texts{"libvirt.service"});
}

TEST(Mending, MakesNoStepTwiceAndKnowsWhatItCannotDo)
{
    auto host = healthy();
    host.device.owner_group = 0;
    const Complaint both{.checks = {"kvm.access", "libvirt.qemu_access", "cpu.virt_ext"},
                         .user = "alice",
                         .qemu_account = "libvirt-qemu"};
    const auto plan = plan_mending(host, both);
    EXPECT_EQ(texts(plan.steps),
              (Texts{"write /etc/udev/rules.d/99-kvmkit.rules",
                     "open /dev/kvm to group kvm (mode 0660)",
                     "put alice into group kvm",
                     "put libvirt-qemu into group kvm"}));
    EXPECT_EQ(plan.by_hand, Texts{"cpu.virt_ext"});
    EXPECT_TRUE(can_mend("net.tun"));
    EXPECT_FALSE(can_mend("cpu.virt_ext"));
}

TEST(Mending, SeesWhetherTheModuleIsBuiltInOrInUse)
{
    const testing::TemporaryFolder folder;
    testing::FakeRunner runner;
    folder.write("proc/cpuinfo", "flags\t: fpu svm\n");
    folder.write("proc/sys/kernel/osrelease", "6.1.0\n");
    folder.write("lib/modules/6.1.0/modules.dep",
                 "kernel/drivers/net/tun.ko.xz:\nkernel/drivers/vhost/vhost_net.ko:\n");
    folder.write("sys/module/kvm_amd/parameters/nested", "1\n");
    folder.write("sys/module/vhost_net/refcnt", "0\n");
    folder.write("etc/group", "kvm:x:108:bob,eve\n");
    const auto look = [&] { return observe_ailing(*Root::open(folder.path()), runner); };
    EXPECT_TRUE(look().nested.built_in);
    EXPECT_TRUE(look().has_tun);
    EXPECT_FALSE(look().has_vhost_net) << "it is loaded";
    EXPECT_EQ(look().kvm_members, (std::set<std::string>{"bob", "eve"}));
    folder.write("sys/module/kvm_amd/initstate", "live\n");
    folder.write("sys/module/kvm_amd/refcnt", "2\n");
    EXPECT_FALSE(look().nested.built_in);
    EXPECT_TRUE(look().nested.busy);
}

class MenderTest : public ::testing::Test {
protected:
    Result<Mender> open()
    {
        undone_.clear();
        return Mender::open(runner_,
                            {.command_line = "kvm-check run --fix",
                             .places = {folder_.path() / "state", folder_.path() / "run"},
                             .top = top()},
                            undone_);
    }
    [[nodiscard]] std::filesystem::path top() const { return folder_.path() / "top"; }

    const SetFile option_{"etc/modprobe.d/kvmkit-nested.conf", "options kvm_amd nested=1\n", 0644};
    testing::TemporaryFolder folder_;
    testing::FakeRunner runner_;
    Texts undone_;
};

TEST_F(MenderTest, TakesAllRoundsBackWhenTheyDoNotHelp)
{
    folder_.write("top/etc/group", "kvm:x:108:\n");
    runner_.answer("addgroup alice kvm", {0, "", ""});
    auto mender = open();
    ASSERT_TRUE(mender) << mender.error().message;
    ASSERT_TRUE(mender->make({option_}, {}));
    ASSERT_TRUE(mender->make({AddMember{"alice", "kvm"}}, {}));
    EXPECT_EQ(mender->made().size(), 2U);
    const auto error = mender->undo("still kvm.access");
    EXPECT_EQ(error.code, ErrorCode::rolled_back);
    EXPECT_FALSE(std::filesystem::exists(top() / option_.path));
    EXPECT_EQ(runner_.ran(), Texts{"addgroup alice kvm"}) << "the file shows that alice never got in";
}

TEST_F(MenderTest, UndoesARoundThatFailsHalfWay)
{
    folder_.write("top/etc/group", "root:x:0:\n");
    auto mender = open();
    ASSERT_TRUE(mender);
    const auto failed = mender->make({option_, GrantDevice{}}, {});
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message.find("there is no such group"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(top() / option_.path));
}

TEST_F(MenderTest, KeepsASecondOneOut)
{
    folder_.write("top/etc/group", "");
    const auto first = open();
    ASSERT_TRUE(first);
    const auto second = open();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::locked);
}

TEST_F(MenderTest, ClosesWhatHelped)
{
    folder_.write("top/etc/group", "");
    auto mender = open();
    ASSERT_TRUE(mender);
    EXPECT_EQ(mender->close(), "") << "nothing was made";
    ASSERT_TRUE(mender->make({option_}, {}));
    EXPECT_NE(mender->close(), "");
    EXPECT_EQ(folder_.read("top/" + option_.path), *option_.bytes);
}

}  // namespace
}  // namespace kvmkit::setup
