// SPDX-License-Identifier: Apache-2.0
#include "setup/saved_plan.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using namespace std::chrono_literals;

Host some_host()
{
    Host host;
    host.lists_age = 1h;
    host.candidates = {{"vlan", "2.0"}};
    host.service = {.manager = Manager::systemd, .daemon = Daemon::stopped, .unit = "libvirtd.socket"};
    host.device = {.present = true, .owner_group = 108, .mode = 0660, .kvm_group = 108};
    host.user = {.name = "ann", .known = true, .groups = {{.name = "kvm", .there = true}}};
    return host;
}

const std::vector<Step> steps{InstallPackages{{"vlan"}}, SetFile{"etc/x", "a\n", 0644}};

SavedPlan plan_of(const Root& root, const Host& host)
{
    SavedPlan plan{.version = "1.2", .host = {.machine = "12ab", .name = "one"}, .made = "2026-01-31T12:00:00Z"};
    plan.order = {.components = {"hypervisor"}, .user = "ann", .mirror = "aliyun", .allow_remove = {"vim"}};
    plan.steps = saved_steps(steps);
    plan.read = look_at_watched_files(root);
    plan.asked = answers_of(host);
    keep_price(Price{.install = {{"vlan", "2.0"}}, .remove = {"vim"}}, plan);
    return plan;
}

class SavedPlanTest : public ::testing::Test {
protected:
    SavedPlanTest()
    {
        folder.write("etc/group", "kvm:x:108:\n");
        folder.write("etc/modprobe.d/a.conf", "options kvm x=1\n");
    }

    testing::TemporaryFolder folder;
};

TEST_F(SavedPlanTest, ComesBackFromItsFileAsItWas)
{
    const auto root = Root::open(folder.path());
    const auto plan = plan_of(*root, some_host());
    const auto back = read_saved_plan(to_text(plan));
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(to_text(*back), to_text(plan));
    EXPECT_EQ(back->order.mirror, "aliyun");
    EXPECT_TRUE(check_drift(*back, *root, some_host(), steps));
    EXPECT_TRUE(check_same_price(*back, {.install = {{"vlan", "2.0"}}, .remove = {"vim"}}));
}

TEST_F(SavedPlanTest, NamesEachThingThatIsNotAsItWas)
{
    const auto root = Root::open(folder.path());
    const auto plan = plan_of(*root, some_host());
    folder.write("etc/group", "kvm:x:109:\n");
    folder.write("etc/modprobe.d/b.conf", "");
    std::filesystem::remove(folder.path() / "etc/modprobe.d/a.conf");
    auto host = some_host();
    host.service.daemon = Daemon::running;
    host.candidates["vlan"] = "2.1";
    host.user.groups.front().inside = true;
    const std::vector<Step> other{InstallPackages{{"vlan"}}, SetFile{"etc/x", "b\n", 0644}};
    const auto drift = check_drift(plan, *root, host, other);
    ASSERT_FALSE(drift);
    EXPECT_EQ(drift.error().code, ErrorCode::refused);
    const auto& message = drift.error().message;
    for (const auto* line : {"this host is not as it was at 2026-01-31T12:00:00Z\n",
                             "\n  /etc/group: was sha256:",
                             "\n  /etc/modprobe.d/a.conf: was sha256:",
                             "\n  /etc/modprobe.d/b.conf: was absent, is sha256:e3b0c442",
                             "\n  libvirt's service: was stopped, at boot: no, is running, at boot: no",
                             "\n  package vlan, to be had in version: was 2.0, is 2.1",
                             "\n  ann in group kvm: was no, is yes",
                             "\n  step 'write /etc/x"}) {
        EXPECT_NE(message.find(line), std::string::npos) << line << '\n' << message;
    }
    EXPECT_EQ(message.find("install vlan"), std::string::npos) << "that step is the same";
}

TEST_F(SavedPlanTest, IsRefusedWhereOtherPackagesWouldCome)
{
    const auto plan = plan_of(*Root::open(folder.path()), some_host());
    const auto more = check_same_price(plan, {.install = {{"vlan", "2.0"}, {"extra", "1"}}, .remove = {}});
    ASSERT_FALSE(more);
    EXPECT_NE(more.error().message.find("\n  extra: was none, is 1"), std::string::npos);
    EXPECT_NE(more.error().message.find("\n  packages that would go: were 'vim', are ''"), std::string::npos);
}

TEST_F(SavedPlanTest, ThatWasBegunIsGoneOnWithAndNoFurther)
{
    const auto root = Root::open(folder.path());
    const auto plan = plan_of(*root, some_host());
    folder.write("etc/group", "kvm:x:108:\nlibvirt:x:109:\n");
    folder.write("etc/libvirt/qemu/networks/default.xml", "<network/>\n");
    auto host = some_host();
    host.candidates.clear();
    host.service.enabled = true;
    const std::vector<Step> rest{FinishPackages{}, InstallPackages{{"vlan"}}, steps.back()};
    EXPECT_FALSE(check_drift(plan, *root, host, rest));
    const auto goes_on = check_drift(plan, *root, host, rest, Headway::packages);
    EXPECT_TRUE(goes_on) << goes_on.error().message;
    EXPECT_TRUE(check_drift(plan, *root, host, {}, Headway::packages));

    folder.write("etc/apt/sources.list", "deb http://example.org/ x main\n");
    host.candidates["vlan"] = "2.1";
    host.network.vms = {"pid 1 (qemu)"};
    const std::vector<Step> more{InstallPackages{{"vlan", "vim"}}, SetFile{"etc/x", "b\n", 0644}};
    const auto drift = check_drift(plan, *root, host, more, Headway::packages);
    ASSERT_FALSE(drift);
    const auto& message = drift.error().message;
    for (const auto* line : {"\n  /etc/apt/sources.list: was absent",
                             "\n  package vlan, to be had in version: was 2.0, is 2.1",
                             "\n  VMs that run: was no, is yes",
                             "\n  step 'install vlan vim': was not in the plan, is to be made",
                             "\n  step 'write /etc/x'"}) {
        EXPECT_NE(message.find(line), std::string::npos) << line << '\n' << message;
    }
    EXPECT_TRUE(check_same_price(plan, {.install = {}, .remove = {}}, Headway::packages));
    EXPECT_FALSE(check_same_price(plan, {.install = {{"vlan", "2.1"}}, .remove = {}}, Headway::packages));
    EXPECT_FALSE(check_same_price(plan, {.install = {{"extra", "1"}}, .remove = {}}, Headway::packages));
    EXPECT_FALSE(check_same_price(plan, {.install = {}, .remove = {"emacs"}}, Headway::packages));
}

TEST_F(SavedPlanTest, ThatWasBegunFinishesItsOwnPackagesAlone)
{
    const auto root = Root::open(folder.path());
    const auto plan = plan_of(*root, some_host());
    auto host = some_host();
    const auto half = [](const char* name) {
        return PackageTable::of({{name, "amd64", "2.0", "half-configured"}}, "amd64");
    };
    const std::vector<Step> rest{FinishPackages{}, steps.back()};
    host.packages = half("vlan");
    EXPECT_TRUE(check_drift(plan, *root, host, rest, Headway::packages));
    host.packages = half("exim4");
    EXPECT_FALSE(left_by(plan, host.packages));
    const auto drift = check_drift(plan, *root, host, rest, Headway::packages);
    ASSERT_FALSE(drift);
    EXPECT_NE(drift.error().message.find("step 'finish what an interrupted dpkg began': was not in the plan"),
              std::string::npos);
    auto unknown = plan;
    unknown.packages.reset();
    EXPECT_FALSE(left_by(unknown, half("vlan"))) << "nobody said what it brings";
}

TEST_F(SavedPlanTest, WhoseListsWereFetchedNeedNotFetchThem)
{
    const auto root = Root::open(folder.path());
    auto before = some_host();
    before.lists_age.reset();
    before.candidates.clear();
    auto plan = plan_of(*root, before);
    const std::vector<Step> all{RefreshLists{}, steps.front(), steps.back()};
    plan.steps = saved_steps(all);
    EXPECT_FALSE(check_drift(plan, *root, some_host(), steps));
    const auto goes_on = check_drift(plan, *root, some_host(), steps, Headway::lists);
    EXPECT_TRUE(goes_on) << goes_on.error().message;
    EXPECT_FALSE(check_drift(plan, *root, some_host(), {steps.back()}, Headway::lists));
    folder.write("var/lib/dpkg/status", "Package: other\n");
    EXPECT_FALSE(check_drift(plan, *root, some_host(), steps, Headway::lists)) << "lists bring no packages";
}

TEST_F(SavedPlanTest, IsOfOneHostAndOneVersion)
{
    const auto plan = plan_of(*Root::open(folder.path()), some_host());
    EXPECT_TRUE(check_origin(plan, {.machine = "12ab", .name = "renamed"}, "1.2"));
    const auto version = check_origin(plan, {.machine = "12ab"}, "1.3");
    ASSERT_FALSE(version);
    EXPECT_NE(version.error().message.find("version 1.2 of host-setup made it, and this is version 1.3"),
              std::string::npos);
    auto order = plan;
    order.read.clear();
    const auto nobody_saved = check_origin(order, {.machine = "12ab"}, "1.3");
    ASSERT_FALSE(nobody_saved);
    EXPECT_EQ(nobody_saved.error().message,
              "refused to go on: version 1.2 of host-setup began it, and this is version 1.3");
    const auto host = check_origin(plan, {.machine = "", .name = "one"}, "1.2");
    ASSERT_FALSE(host);
    EXPECT_NE(host.error().message.find("machine 12ab, here without one"), std::string::npos);
    EXPECT_EQ(other_host({.name = "one"}, {.name = "two"}), "host 'one', here 'two'");
    EXPECT_EQ(other_host({.name = "one"}, {.name = "one"}), "");
}

TEST(SavedPlanFileTest, IsNotReadWhereItIsNone)
{
    for (const auto* text : {"", "{", "[]", "7", R"({"schema":"kvmkit.host-setup.plan/1"})"}) {
        const auto plan = read_saved_plan(text);
        ASSERT_FALSE(plan) << text;
        EXPECT_NE(plan.error().message.find("this is no plan that host-setup saved"), std::string::npos);
    }
    const auto broken = read_saved_plan(R"({"schema":"kvmkit.host-setup.saved-plan/1","version":7})");
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::usage);
}

}  // namespace
}  // namespace kvmkit::setup
