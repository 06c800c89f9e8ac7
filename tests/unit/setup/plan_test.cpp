// SPDX-License-Identifier: Apache-2.0
#include "setup/plan.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using namespace std::chrono_literals;
using Kinds = std::vector<std::string_view>;

const Components all = *parse_components({});

std::string installed(const std::string& name)
{
    return "Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n";
}

/// A Debian 12 with systemd that has all it needs.
Host complete_host()
{
    Host host;
    host.distribution = {.id = "debian",
                         .version = "12",
                         .name = "Debian 12",
                         .suite = "bookworm",
                         .family = Family::debian,
                         .release = 1200};
    const auto catalogue = load_catalogue(Root::of({}), {});
    host.needs = needs_of(*catalogue, host.distribution, "amd64", {Bundle::hypervisor})->needs;
    std::string status = installed("dpkg");
    for (const Need& need : host.needs) {
        status += installed(need.package);
    }
    host.packages = PackageTable::parse(status);
    host.lists_age = 1h;
    host.service = {.manager = Manager::systemd, .daemon = Daemon::running, .unit = "libvirtd.socket", .enabled = true};
    host.device = {.present = true, .owner_group = 108, .mode = 0660, .kvm_group = 108};
    host.network.network = std::optional{
        DefaultNetworkState{.range = shipped_range, .bridge = "virbr0", .autostart = true, .active = true}};
    host.network.claims = std::optional{std::vector<Ipv4Claim>{}};
    host.live = true;
    return host;
}

/// The same without any of the packages; apt knows them all.
Host fresh_host()
{
    Host host = complete_host();
    host.packages = PackageTable::parse(installed("dpkg"));
    for (const Need& need : host.needs) {
        host.candidates[need.package] = "1";
    }
    host.service.daemon = Daemon::not_installed;
    host.service.enabled = false;
    host.network.network = std::optional<DefaultNetworkState>{};
    return host;
}

std::vector<std::string> texts(const Plan& plan)
{
    std::vector<std::string> found;
    for (const Step& step : plan.steps) {
        found.push_back(describe(step));
    }
    return found;
}

Kinds kinds(const Plan& plan)
{
    Kinds found;
    for (const Step& step : plan.steps) {
        found.push_back(kind(step));
    }
    return found;
}

bool notes(const Plan& plan, std::string_view text)
{
    return std::ranges::any_of(plan.notes,
                               [&](const std::string& note) { return note.find(text) != std::string::npos; });
}

TEST(Plan, OfACompleteHostIsEmpty)
{
    const auto plan = make_plan(complete_host(), all);
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->steps.empty());
    EXPECT_TRUE(plan->notes.empty());
}

TEST(Plan, OfAFreshHostHoldsLibvirtUntilItsNetworkIsLaidOut)
{
    Host host = fresh_host();
    host.network.guest = true;
    host.user = {"alice", true, {{"kvm"}, {"libvirt"}}};
    const auto plan = make_plan(host, all);
    ASSERT_TRUE(plan);
    const auto steps = texts(*plan);
    ASSERT_EQ(steps.size(), 12U);
    EXPECT_EQ(steps[0], "keep libvirt from starting (/usr/sbin/policy-rc.d)");
    EXPECT_EQ(steps[1].substr(0, 8), "install ");
    EXPECT_EQ((std::vector<std::string>{steps.begin() + 2, steps.end()}),
              (std::vector<std::string>{"give libvirt's network 'default' the range 192.168.123.0/24",
                                        "let libvirt start again (/usr/sbin/policy-rc.d)",
                                        "put alice into group kvm",
                                        "put alice into group libvirt",
                                        "enable libvirtd.service",
                                        "start libvirtd.socket",
                                        "wait for libvirt to answer",
                                        "start libvirt-guests.service",
                                        "start libvirt's network 'default' with libvirt from now on",
                                        "start libvirt's network 'default'"}));
}

TEST(Plan, HoldsNothingWhereNothingCouldStart)
{
    const Components without_network{Component::hypervisor, Component::services};
    EXPECT_EQ(kinds(*make_plan(fresh_host(), without_network)),
              (Kinds{"install-packages", "change-unit", "change-unit", "prove-libvirt", "change-unit"}));
    Host forbidden = fresh_host();
    forbidden.service.daemon = Daemon::forbidden;
    EXPECT_EQ(kinds(*make_plan(forbidden, all)), (Kinds{"install-packages", "change-network"}));
    Host image = fresh_host();
    image.live = false;
    EXPECT_EQ(kinds(*make_plan(image, {Component::hypervisor, Component::network})), Kinds{"install-packages"});
}

TEST(Plan, TellsOfRebootAndLogin)
{
    Host host = complete_host();
    host.module = {.name = "kvm_amd", .loaded = true, .available = true, .loader = true};
    host.nested.busy = true;
    host.user = {"alice", true, {{"kvm", true, true, {"pid 7 (bash)"}}, {"libvirt", true, true}}};
    auto wanted = all;
    wanted.insert(Component::nested);
    const auto plan = make_plan(host, wanted);
    EXPECT_EQ(kinds(*plan), Kinds{"set-file"});
    EXPECT_EQ(plan->reboot.size(), 1U);
    EXPECT_EQ(plan->relogin, std::vector<std::string>{"alice"});
    EXPECT_TRUE(make_plan(host, all)->reboot.empty()) << "nested only if it is named";
}

TEST(Plan, RefreshesListsThatAreMissingOldOrDoNotKnowAPackage)
{
    Host missing = fresh_host();
    missing.lists_age.reset();
    Host old = fresh_host();
    old.lists_age = 25h;
    Host ignorant = fresh_host();
    ignorant.candidates.erase("vlan");
    for (const Host& host : {missing, old, ignorant}) {
        EXPECT_EQ(kinds(*make_plan(host, {Component::hypervisor})), (Kinds{"refresh-lists", "install-packages"}));
    }
    const auto unknown = check_candidates(ignorant, ignorant.missing(), std::vector<std::string>{"Err:1 http://a"});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::not_found);
    EXPECT_EQ(unknown.error().message,
              "cannot find package 'vlan': no source of apt has it for 'bookworm'\n"
              "apt-get update could not read all sources:\n  Err:1 http://a");
    EXPECT_TRUE(check_candidates(old, old.missing(), {}));
}

TEST(Plan, InstallsBundlesThatAreNamedAndKeepsRemarks)
{
    Host host = fresh_host();
    const auto catalogue = load_catalogue(Root::of({}), {});
    host.needs = needs_of(*catalogue, host.distribution, "amd64", {Bundle::tools})->needs;
    host.remarks = {"a remark"};
    for (const Need& need : host.needs) {
        host.candidates[need.package] = "1";
    }
    const auto plan = make_plan(host, {Component::tools});
    EXPECT_EQ(kinds(*plan), (Kinds{"install-packages"}));
    EXPECT_NE(describe(plan->steps.front()).find("virt-manager"), std::string::npos);
    EXPECT_TRUE(notes(*plan, "a remark"));
    EXPECT_TRUE(make_plan(host, {Component::mirror})->steps.empty());
}

TEST(Plan, TakesAnAlternativeForThePackage)
{
    Host host = fresh_host();
    host.packages = PackageTable::parse(installed("dpkg") + installed("dnsmasq-base-lua") + installed("qemu-kvm"));
    const auto names = package_names(make_plan(host, {Component::hypervisor})->missing);
    EXPECT_EQ(std::ranges::count(names, "dnsmasq-base"), 0);
    EXPECT_EQ(std::ranges::count(names, "qemu-system-x86"), 1) << "qemu-kvm is a name, not the emulator";
}

TEST(Plan, LoadsTheModuleNowAndAtEveryBoot)
{
    Host host = complete_host();
    host.device = {.present = false, .kvm_group = 108};
    host.module = {.name = "kvm_amd", .loaded = false, .available = true, .loader = true};
    EXPECT_EQ(kinds(*make_plan(host, all)), (Kinds{"load-module", "set-file", "grant-device"}));
    host.device.udev_runs = true;
    EXPECT_EQ(kinds(*make_plan(host, all)), (Kinds{"load-module", "set-file"}));
}

TEST(Plan, SaysWhyThereIsNoModuleToLoad)
{
    Host host = complete_host();
    host.device.present = false;
    EXPECT_TRUE(notes(*make_plan(host, all), "neither vmx nor svm"));
    host.module = {.name = "kvm_intel", .loaded = true};
    EXPECT_TRUE(notes(*make_plan(host, all), "a container must be given the device"));
    host.module = {.name = "kvm_intel"};
    EXPECT_TRUE(notes(*make_plan(host, all), "reboot into the installed kernel"));
    EXPECT_TRUE(make_plan(host, all)->steps.empty());
}

TEST(Plan, OpensTheDeviceToItsGroupOnlyWhereNobodyElseDoes)
{
    Host host = complete_host();
    host.device.mode = 0600;
    EXPECT_EQ(kinds(*make_plan(host, all)), (Kinds{"grant-device"}));
    host.device.owner_group = 0;
    EXPECT_EQ(kinds(*make_plan(host, all)), (Kinds{"grant-device"}));
    host.device.mode = 0666;
    EXPECT_TRUE(make_plan(host, all)->steps.empty()) << "open to all";
    host.device.mode = 0600;
    host.device.udev_runs = true;
    EXPECT_TRUE(make_plan(host, all)->steps.empty()) << "udev's rules decide";
    host.device.udev_runs = false;
    host.device.kvm_group.reset();
    EXPECT_TRUE(make_plan(host, all)->steps.empty());
    EXPECT_TRUE(notes(*make_plan(host, all), "there is no group kvm"));
    Host fresh = fresh_host();
    fresh.device = host.device;
    EXPECT_EQ(kinds(*make_plan(fresh, {Component::hypervisor, Component::modules})),
              (Kinds{"install-packages", "grant-device"}))
        << "the group comes with QEMU";
}

TEST(Plan, RespectsWhatTheAdministratorDecided)
{
    Host host = complete_host();
    host.service.daemon = Daemon::masked;
    const auto refused = make_plan(host, all);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_NE(refused.error().hint.find("systemctl unmask"), std::string::npos);
    EXPECT_TRUE(make_plan(host, {Component::hypervisor, Component::modules}));
    host.service.daemon = Daemon::forbidden;
    EXPECT_TRUE(notes(*make_plan(host, all), "policy-rc.d"));
}

TEST(Plan, StartsTheModularDaemonsWhereTheyServeAndNeverBoth)
{
    Host host = complete_host();
    host.service = {.manager = Manager::systemd,
                    .daemon = Daemon::running,
                    .unit = "virtqemud.socket",
                    .enabled = true,
                    .modular = true};
    EXPECT_TRUE(notes(*make_plan(host, all), "modular daemons"));
    EXPECT_TRUE(make_plan(host, all)->steps.empty());
    host.service.daemon = Daemon::stopped;
    const auto plan = make_plan(host, {Component::services});
    ASSERT_TRUE(plan);
    EXPECT_EQ(describe(plan->steps.front()), "start virtqemud.socket");
    EXPECT_EQ(describe(plan->steps.back()), "wait for libvirt to answer");
    const auto of_libvirtd = [](const Step& step) { return describe(step).find("libvirtd") != std::string::npos; };
    EXPECT_TRUE(std::ranges::none_of(plan->steps, of_libvirtd));
    host.service.enabled = false;
    EXPECT_EQ(describe(make_plan(host, {Component::services})->steps.front()), "enable virtqemud.socket");
    host.service.daemon = Daemon::masked;
    EXPECT_NE(make_plan(host, {Component::services}).error().hint.find("systemctl unmask virtqemud.service"),
              std::string::npos);
}

TEST(Plan, InstallsNothingOnAHostThatIsAnImageAndDoesTheRest)
{
    Host host = complete_host();
    host.seal = Seal{"this host's system is an image of rpm-ostree", "run/ostree-booted", "rpm-ostree install"};
    EXPECT_TRUE(make_plan(host, all)) << "all packages are there";
    host.needs = {{.capability = "x", .title = "an x", .package = "not-there"}};
    const auto refused = make_plan(host, all);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_NE(refused.error().message.find("/run/ostree-booted: there"), std::string::npos);
    EXPECT_EQ(refused.error().hint, "rpm-ostree install not-there; after a reboot, host-setup apply does the rest");
    EXPECT_TRUE(make_plan(host, {Component::modules, Component::services}));
}

TEST(Plan, OfOpenRcEnablesAndStartsScripts)
{
    Host host = complete_host();
    host.service = {.manager = Manager::openrc, .daemon = Daemon::stopped, .unit = "libvirtd"};
    const auto plan = make_plan(host, {Component::services});
    const std::vector<std::string> expected{"enable virtlogd",
                                            "enable libvirtd",
                                            "start virtlogd",
                                            "start libvirtd",
                                            "wait for libvirt to answer",
                                            "start libvirt-guests"};
    EXPECT_EQ(texts(*plan), expected);
    host.service.daemon = Daemon::not_installed;
    EXPECT_TRUE(notes(*make_plan(host, {Component::services}), "there is no /etc/init.d/libvirtd"));
}

TEST(Plan, OfAnImageStartsAndLoadsNothing)
{
    Host host = fresh_host();
    host.live = false;
    host.image = ImageState{};
    host.device = {};
    host.module = {.name = "kvm_intel", .loaded = false, .available = true, .loader = true};
    const auto plan = make_plan(host, all);
    ASSERT_TRUE(plan) << plan.error().message;
    const Kinds expected{"hold-libvirt", "install-packages", "release-libvirt", "change-unit", "change-network"};
    EXPECT_EQ(kinds(*plan), expected);
    EXPECT_TRUE(notes(*plan, "which addresses the host will have"));
    host.service = {};
    EXPECT_TRUE(notes(*make_plan(host, all), "neither systemd nor OpenRC nor sysvinit is installed in this image"));
}

TEST(Plan, WithoutAServiceManagerSaysHowItGoesByHand)
{
    Host host = complete_host();
    host.service = {.manager = Manager::none, .daemon = Daemon::stopped};
    const auto plan = make_plan(host, all);
    EXPECT_TRUE(plan->steps.empty());
    EXPECT_TRUE(notes(*plan, "virtlogd -d && libvirtd -d"));
    host.service.manager = Manager::other;
    EXPECT_TRUE(notes(*make_plan(host, all), "ln -s /etc/sv/libvirtd /var/service"));
    EXPECT_FALSE(notes(*make_plan(host, all), "no service manager"));
    host.service.daemon = Daemon::running;
    EXPECT_TRUE(make_plan(host, all)->notes.empty()) << "somebody started it";
}

TEST(Plan, EnablesADaemonThatOnlyRunsNow)
{
    Host host = complete_host();
    host.service.enabled = false;
    const auto plan = make_plan(host, all);
    ASSERT_EQ(plan->steps.size(), 1U);
    EXPECT_EQ(describe(plan->steps[0]), "enable libvirtd.service");
}

TEST(Components, AreAllWithoutNamesAndCheckedWithThem)
{
    EXPECT_EQ(all.size(), 5U);
    EXPECT_FALSE(all.contains(Component::nested) || all.contains(Component::mirror));
    EXPECT_EQ(*parse_components({"services", "services"}), Components{Component::services});
    const auto wrong = parse_components({"networks"});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::usage);
    EXPECT_EQ(
        wrong.error().hint,
        "there are: hypervisor, network, modules, groups, services, nested, mirror, tools, guest-images, desktop, "
        "ssh-root");
}

TEST(InterruptedDpkg, IsNamedWithTheCommandThatEndsIt)
{
    EXPECT_TRUE(check_finished(complete_host().packages));
    auto table = PackageTable::parse(installed("dpkg") +
                                     "Package: x\nStatus: install ok half-configured\nArchitecture: all\n\n");
    const auto refused = check_finished(table);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("x (half-configured)"), std::string::npos);
    EXPECT_NE(refused.error().hint.find("dpkg --configure -a"), std::string::npos);
}

/// The lines for one that is planned for only.
std::string by_hand_of(bool live)
{
    Host host = fresh_host();
    host.distribution.tier = Tier::third;
    host.live = live;
    const auto plan = make_plan(host, all);
    EXPECT_TRUE(plan);
    std::string text;
    for (const std::string& note : plan ? plan->notes : std::vector<std::string>{}) {
        text += note + "\n";
    }
    return text;
}

TEST(ManualLines, OfAnImageDoNothingToTheMachineThatTheyAreTypedOn)
{
    EXPECT_NE(by_hand_of(true).find("by hand: systemctl enable --now libvirtd\n"), std::string::npos);
    EXPECT_NE(by_hand_of(true).find("by hand: virsh net-autostart"), std::string::npos);
    const auto image = by_hand_of(false);
    EXPECT_NE(image.find("by hand: systemctl enable libvirtd\n"), std::string::npos) << image;
    EXPECT_NE(image.find("once it is booted, on the host that it becomes: virsh net-autostart"), std::string::npos);
}

}  // namespace
}  // namespace kvmkit::setup
