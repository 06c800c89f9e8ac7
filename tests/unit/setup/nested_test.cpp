// SPDX-License-Identifier: Apache-2.0
#include "setup/nested.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using Texts = std::vector<std::string>;

const KvmModule loaded{.name = "kvm_intel", .loaded = true, .available = true, .loader = true};
const KvmDevice device{.present = true, .owner_group = 108, .mode = 0660, .kvm_group = 108, .udev_runs = true};
const Texts anew{"unload module kvm_intel", "write /etc/modprobe.d/kvmkit-nested.conf", "load module kvm_intel"};
const Texts written{"write /etc/modprobe.d/kvmkit-nested.conf"};

NestedPlan plan(const NestedState& nested, const KvmModule& module = loaded, const KvmDevice& node = device)
{
    auto planned = plan_nested(module, nested, node);
    EXPECT_TRUE(planned) << planned.error().message;
    return std::move(planned).value_or(NestedPlan{});
}

Texts texts(const NestedPlan& plan)
{
    Texts all;
    for (const Step& step : plan.steps) {
        all.push_back(describe(step));
    }
    return all;
}

TEST(Nested, LoadsTheModuleAnewWhileNobodyUsesIt)
{
    EXPECT_EQ(texts(plan({})), anew);
    EXPECT_TRUE(plan({}).reboot.empty());
    auto without_udev = device;
    without_udev.udev_runs = false;
    EXPECT_EQ(texts(plan({}, loaded, without_udev)).back(), "open /dev/kvm to group kvm (mode 0660)");
}

TEST(Nested, WritesTheOptionAndNeedsARebootWhileVmsRun)
{
    const auto busy = plan({.busy = true});
    EXPECT_EQ(texts(busy), written);
    EXPECT_EQ(busy.reboot, "module kvm_intel is in use, and takes the option nested only when it is loaded");
    ASSERT_EQ(busy.notes.size(), 1U);
    EXPECT_NE(busy.notes.front().find("modprobe -r kvm_intel && modprobe kvm_intel"), std::string::npos);
    const auto done = plan({.busy = true, .at_next_load = NestedSetting{"/etc/modprobe.d/kvmkit-nested.conf", true}});
    EXPECT_TRUE(done.steps.empty());
    EXPECT_FALSE(done.reboot.empty()) << "also when it was written by an earlier run";
    auto no_loader = loaded;
    no_loader.loader = false;
    EXPECT_EQ(plan({}, no_loader).reboot, "there is no modprobe here to load module kvm_intel anew");
}

TEST(Nested, IsKeptWhereItIsOnByDefaultAlone)
{
    EXPECT_EQ(texts(plan({.on = true})), written);
    const auto kept = plan({.on = true, .at_next_load = NestedSetting{"/etc/modprobe.d/kvm.conf", true}});
    EXPECT_TRUE(kept.steps.empty() && kept.reboot.empty() && kept.notes.empty());
    auto absent = loaded;
    absent.loaded = false;
    EXPECT_EQ(texts(plan({}, absent)), written) << "whoever loads it, loads it with the option";
}

TEST(Nested, OfAModuleInTheKernelIsTheBootLoadersAffair)
{
    const auto grub = plan({.built_in = true, .boot_loader = "update-grub"});
    EXPECT_TRUE(grub.steps.empty());
    EXPECT_EQ(grub.reboot, "kvm_intel is a part of the kernel, which takes the option nested at boot alone");
    EXPECT_EQ(
        grub.notes,
        Texts{R"(by hand: sed -i 's/^GRUB_CMDLINE_LINUX="/&kvm_intel.nested=1 /' /etc/default/grub && update-grub)"});
    EXPECT_EQ(plan({.built_in = true, .boot_loader = "grubby"}).notes,
              Texts{"by hand: grubby --update-kernel=ALL --args=kvm_intel.nested=1"});
    EXPECT_EQ(plan({.built_in = true}).notes,
              Texts{"by hand: add kvm_intel.nested=1 to the kernel's command line in the boot loader's settings"});
    EXPECT_TRUE(plan({.built_in = true, .on = true}).reboot.empty());
}

TEST(Nested, RefusesWhereAnotherSettingWins)
{
    const NestedState beaten{.at_next_load = NestedSetting{"/etc/modprobe.d/zz-security.conf", false, true}};
    const auto refused = plan_nested(loaded, beaten, device);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_EQ(
        refused.error().message,
        "refused to switch on option nested of module kvm_intel: /etc/modprobe.d/zz-security.conf switches it off, "
        "and wins");
    const NestedState earlier{.at_next_load = NestedSetting{"/etc/modprobe.d/a.conf", false, false}};
    EXPECT_EQ(texts(plan(earlier)), anew) << "ours is read later, and wins";
}

TEST(Nested, LeavesAContainersKernelToItsHost)
{
    EXPECT_TRUE(plan({.container = true}).steps.empty());
    EXPECT_NE(plan({.container = true}).notes.at(0).find("this container's host"), std::string::npos);
    EXPECT_NE(plan({}, KvmModule{}).notes.at(0).find("neither vmx nor svm"), std::string::npos);
}

class NestedObserved : public ::testing::Test {
protected:
    NestedState look() const { return observe_nested(Root::open(folder_.path()).value(), loaded); }

    testing::TemporaryFolder folder_;
};

TEST_F(NestedObserved, ReadsTheModuleAndItsUsers)
{
    folder_.write("sys/module/kvm_intel/parameters/nested", "Y\n");
    EXPECT_TRUE(look().on && look().built_in);
    folder_.write("sys/module/kvm_intel/initstate", "live\n");
    folder_.write("sys/module/kvm_intel/refcnt", "3\n");
    EXPECT_TRUE(look().busy && !look().built_in && !look().container);
    folder_.write("sys/module/kvm_intel/parameters/nested", "0\n");
    folder_.write("run/systemd/container", "systemd-nspawn\n");
    EXPECT_TRUE(!look().on && look().container);
}

TEST_F(NestedObserved, FindsTheSettingThatWins)
{
    EXPECT_FALSE(look().at_next_load);
    folder_.write("lib/modprobe.d/kvm.conf", "options kvm-intel nested=0\n");
    EXPECT_EQ(look().at_next_load->where, "/lib/modprobe.d/kvm.conf");
    EXPECT_FALSE(look().at_next_load->on || look().at_next_load->beats_ours);
    folder_.write("etc/modprobe.d/kvm.conf", "# options kvm_intel nested=0\noptions kvm_intel ept=1 nested=1\n");
    EXPECT_TRUE(look().at_next_load->on) << "the file of etc hides its namesake";
    folder_.write("etc/modprobe.d/zz.conf", "options kvm_intel nested=n\noptions kvm_amd nested=1\n");
    EXPECT_EQ(look().at_next_load->where, "/etc/modprobe.d/zz.conf");
    EXPECT_TRUE(!look().at_next_load->on && look().at_next_load->beats_ours);
    folder_.write("proc/cmdline", "quiet kvm-intel.nested=1 kvm_amd.nested=0\n");
    EXPECT_EQ(look().at_next_load->where, "the kernel's command line");
    EXPECT_TRUE(look().at_next_load->on && look().at_next_load->beats_ours);
}

TEST_F(NestedObserved, KnowsTheBootLoadersProgram)
{
    EXPECT_EQ(look().boot_loader, "");
    folder_.write("etc/kernel/cmdline", "quiet\n");
    EXPECT_EQ(look().boot_loader, "kernel-install");
    folder_.write("usr/sbin/update-grub", "");
    EXPECT_EQ(look().boot_loader, "update-grub");
}

}  // namespace
}  // namespace kvmkit::setup
