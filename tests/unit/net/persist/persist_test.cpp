// SPDX-License-Identifier: Apache-2.0
#include "net/persist/persist.hpp"
#include "sample.hpp"
#include "support/temporary_folder.hpp"

#include <linux/if_link.h>

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

namespace kvmkit::net {
namespace {

namespace fs = std::filesystem;

/// Path -> mode, a blank, content: everything below a folder.
std::map<std::string, std::string> snapshot(const fs::path& top)
{
    std::map<std::string, std::string> all;
    for (const auto& entry : fs::recursive_directory_iterator{top}) {
        const auto path = entry.path().lexically_relative(top).string();
        struct stat status = {};
        (void)::lstat(entry.path().c_str(), &status);
        std::ostringstream text;
        text << std::oct << status.st_mode << ' ';
        if (entry.is_symlink()) {
            text << fs::read_symlink(entry.path()).string();
        } else if (entry.is_regular_file()) {
            text << std::ifstream{entry.path()}.rdbuf();
        }
        all[path] = text.str();
    }
    return all;
}

class Persisting : public ::testing::Test {
protected:
    Persisting()
    {
        host_ = {.top = folder_.path(), .dhcp = {.root = folder_.path()}, .program = "/usr/sbin/net-setup"};
        run_ = {.places = {journals_.path() / "state", journals_.path() / "run"}, .command_line = "net-setup persist"};
        Link eth0{.name = sample::name("eth0"), .index = 2, .mtu = 1500, .up = true, .ethernet = true};
        eth0.master = 3;
        eth0.mac = MacAddress::parse("52:54:00:12:34:56").value();
        Link br0{.name = sample::name("br0"), .index = 3, .kind = "bridge", .mac = eth0.mac, .mtu = 1500, .up = true};
        br0.ethernet = true;
        br0.options = {number_option(IFLA_BR_STP_STATE, 0, 4), number_option(IFLA_BR_FORWARD_DELAY, 0, 4)};
        br0.addresses = {sample::address("192.0.2.10/24")};
        network_.links = {eth0, br0};
        enable("systemd-networkd.service");
        enable("networking.service");
        enable("NetworkManager.service");
        folder_.write("usr/lib/systemd/systemd", "");
    }
    ~Persisting() override { ::unsetenv("KVMKIT_FAULT"); }  // NOLINT(concurrency-mt-unsafe): tests are alone

    void enable(const std::string& unit) const
    {
        const auto wants = folder_.path() / "etc/systemd/system/multi-user.target.wants";
        fs::create_directories(wants);
        fs::create_symlink("/lib/systemd/system/" + unit, wants / unit);
    }

    [[nodiscard]] Result<Persistence> planned(std::optional<Manager> manager = {}) const
    {
        return plan_persistence(network_, {{sample::name("br0")}, manager}, host_);
    }

    [[nodiscard]] std::string text(const std::string& path) const
    {
        std::ostringstream text;
        text << std::ifstream{folder_.path() / path}.rdbuf();
        return text.str();
    }

    testing::TemporaryFolder folder_;
    testing::TemporaryFolder journals_;
    PersistHost host_;
    PersistRun run_;
    Network network_;
};

TEST_F(Persisting, GoesToTheOwnerOfTheCard)
{
    folder_.write("run/systemd/netif/links/2", "ADMIN_STATE=configured\n");
    EXPECT_EQ(planned()->manager, Manager::networkd);
    folder_.write("etc/netplan/50.yaml", "network: {ethernets: {eth0: {dhcp4: true}}}\n");
    EXPECT_EQ(planned()->manager, Manager::netplan);
    EXPECT_EQ(planned(Manager::none)->manager, Manager::none);
}

TEST_F(Persisting, IsDoneOnceAndTakenBackWhole)
{
    for (const Manager manager : {Manager::networkd,
                                  Manager::network_manager,
                                  Manager::ifupdown,
                                  Manager::ifcfg,
                                  Manager::wicked,
                                  Manager::none}) {
        const auto before = snapshot(folder_.path());
        const auto plan = planned(manager);
        ASSERT_TRUE(plan) << plan.error().message;
        const auto id = persist(*plan, host_, run_);
        ASSERT_TRUE(id) << id.error().message;
        EXPECT_FALSE(id->empty());
        for (const KeptFile& file : plan->files) {
            EXPECT_EQ(image_of(folder_.path() / file.path).value(), (FileImage{file.bytes, file.mode, file.is_link}));
        }
        const auto again = planned(manager);
        EXPECT_TRUE(again->changes.empty()) << again->changes.front().path;
        const auto left = take_back(run_.places, *id, host_);
        ASSERT_TRUE(left) << left.error().message;
        EXPECT_EQ(*left, std::vector<std::string>{});
        EXPECT_EQ(snapshot(folder_.path()), before) << word(manager);
    }
}

TEST_F(Persisting, AFileOfTheScriptsThatIsAboutTheCardMakesADoubt)
{
    folder_.write("etc/sysconfig/network-scripts/ifcfg-eth0", "DEVICE=eth0\nBOOTPROTO=dhcp\n");
    folder_.write("etc/rc3.d/S10network", "");
    EXPECT_EQ(planned()->manager, Manager::ifcfg);
    EXPECT_EQ(planned()->doubts, std::vector<std::string>{});
    folder_.write("etc/sysconfig/network-scripts/ifcfg-old", "HWADDR=\"52:54:00:12:34:56\"\n");
    EXPECT_EQ(planned()->doubts, std::vector<std::string>{"/etc/sysconfig/network-scripts/ifcfg-old is for eth0 too"});
    EXPECT_EQ(planned(Manager::wicked)->doubts.front(), "wicked is not started at boot: systemctl enable wicked");
}

TEST_F(Persisting, AFailureAtAnyStepLeavesEverythingAsItWas)
{
    folder_.write("etc/network/interfaces", "auto eth0\niface eth0 inet dhcp\n");
    const auto before = snapshot(folder_.path());
    const auto plan = planned(Manager::ifupdown);
    ASSERT_TRUE(plan) << plan.error().message;
    std::size_t failures = 0;
    for (std::size_t step = 0; step < 32; ++step) {
        for (const std::string moment : {"before", "after"}) {
            ::setenv("KVMKIT_FAULT", ("fail:" + moment + ":" + std::to_string(step)).c_str(), 1);  // NOLINT
            const auto done = persist(*plan, host_, run_);
            ::unsetenv("KVMKIT_FAULT");  // NOLINT
            if (done) {
                ASSERT_TRUE(take_back(run_.places, *done, host_));
            } else {
                ++failures;
            }
            ASSERT_EQ(snapshot(folder_.path()), before) << moment << step;
        }
    }
    EXPECT_EQ(failures, 10U);  // a folder, two files staged and placed: five steps, each before and after
}

TEST_F(Persisting, DoesNotTakeBackWhatSomebodyElseChangedSince)
{
    const auto id = persist(planned(Manager::networkd).value(), host_, run_).value();
    folder_.write("etc/systemd/network/10-net-setup-br0.network", "[Match]\nName=mine\n");
    const auto left = take_back(run_.places, id, host_).value();
    ASSERT_EQ(left.size(), 1U);
    EXPECT_NE(left[0].find("somebody changed it since"), std::string::npos) << left[0];
    EXPECT_EQ(text("etc/systemd/network/10-net-setup-br0.network"), "[Match]\nName=mine\n");
    EXPECT_FALSE(fs::exists(folder_.path() / "etc/systemd/network/10-net-setup-br0.netdev"));
}

TEST_F(Persisting, TheOldStanzaStaysBehindAMarker)
{
    folder_.write("etc/network/interfaces",
                  "# mine\nauto lo eth0\niface lo inet loopback\n\niface eth0 inet dhcp\n    metric 5\n\n"
                  "iface eth1 inet manual\n");
    ASSERT_TRUE(persist(planned().value(), host_, run_));
    EXPECT_EQ(text("etc/network/interfaces"),
              "# mine\n#net-setup# auto lo eth0\nauto lo\niface lo inet loopback\n\n"
              "#net-setup# iface eth0 inet dhcp\n#net-setup#     metric 5\n\niface eth1 inet manual\n"
              "source /etc/network/interfaces.d/*\n");
}

TEST_F(Persisting, BinaryAndOddModesOfOldFilesComeBack)
{
    const std::string path = "etc/systemd/network/10-net-setup-br0.network";
    folder_.write(path, std::string{"\xff\x00\xfe old", 7});
    fs::permissions(folder_.path() / path, fs::perms{0640});
    const auto before = snapshot(folder_.path());
    const auto id = persist(planned(Manager::networkd).value(), host_, run_).value();
    ASSERT_TRUE(take_back(run_.places, id, host_));
    EXPECT_EQ(snapshot(folder_.path()), before);
}

TEST_F(Persisting, AChangeOfManagerRemovesTheFilesOfTheFirst)
{
    ASSERT_TRUE(persist(planned(Manager::networkd).value(), host_, run_));
    ASSERT_TRUE(persist(planned(Manager::none).value(), host_, run_));
    EXPECT_FALSE(fs::exists(folder_.path() / "etc/systemd/network/10-net-setup-br0.netdev"));
    ASSERT_TRUE(persist(planned(Manager::networkd).value(), host_, run_));
    EXPECT_FALSE(fs::exists(folder_.path() / "etc/systemd/system/net-setup-apply-br0.service"));
    EXPECT_FALSE(
        fs::is_symlink(folder_.path() / "etc/systemd/system/multi-user.target.wants/net-setup-apply-br0.service"));
}

TEST_F(Persisting, IsRebootSafeOnlyWithoutDoubt)
{
    EXPECT_EQ(planned(Manager::networkd)->doubts, std::vector<std::string>{});
    folder_.write("etc/systemd/network/05-cards.network", "[Match]\nName=eth*\n[Network]\nDHCP=yes\n");
    folder_.write("etc/systemd/network/20-cards.network", "[Match]\nName=eth*\n[Network]\nDHCP=yes\n");
    folder_.write("etc/systemd/network/05-others.network", "[Match]\nName=!eth0 br0\n[Network]\nDHCP=yes\n");
    folder_.write("etc/systemd/network/06-mac.network", "[Match]\nMACAddress=52:54:00:12:34:57\n");
    EXPECT_EQ(planned(Manager::networkd)->doubts,
              (std::vector<std::string>{"/etc/systemd/network/05-cards.network is for eth0 too, and comes first"}));
}

TEST_F(Persisting, NamesOtherOwnersStoppedDaemonsAndCloudInit)
{
    folder_.write("run/NetworkManager/devices/2", "managed=true\n");
    folder_.write("etc/cloud/cloud.cfg", "");
    fs::remove(folder_.path() / "etc/systemd/system/multi-user.target.wants/systemd-networkd.service");
    const auto plan = planned(Manager::networkd);
    EXPECT_EQ(plan->doubts,
              (std::vector<std::string>{
                  "systemd-networkd is not started at boot: systemctl enable systemd-networkd",
                  "NetworkManager looks after eth0 too (/run/NetworkManager/devices/2: managed=true)",
                  "cloud-init may write network settings again: /etc/cloud/cloud.cfg: cloud-init is installed, and "
                  "nothing keeps it from the network"}));
    ASSERT_EQ(plan->warnings.size(), 1U);
    EXPECT_NE(plan->warnings[0].find("99-disable-network-config.cfg"), std::string::npos);
}

TEST_F(Persisting, ANetplanFileThatSaysOnlyTheSameLinksIsSetAside)
{
    folder_.write("usr/sbin/netplan", "");
    folder_.write("etc/netplan/50.yaml", "network: {ethernets: {eth0: {addresses: [192.0.2.10/24]}}}\n");
    const auto plan = planned();
    EXPECT_EQ(plan->doubts, std::vector<std::string>{});
    ASSERT_TRUE(persist(*plan, host_, run_));
    EXPECT_FALSE(fs::exists(folder_.path() / "etc/netplan/50.yaml"));
    EXPECT_EQ(text("etc/netplan/50.yaml.net-setup-old"),
              "network: {ethernets: {eth0: {addresses: [192.0.2.10/24]}}}\n");
}

TEST_F(Persisting, ANetplanFileThatSaysMoreIsADoubt)
{
    folder_.write("usr/sbin/netplan", "");
    folder_.write("etc/netplan/50.yaml",
                  "network: {ethernets: {eth0: {addresses: [192.0.2.10/24]}, eth1: {dhcp4: true}}}\n");
    folder_.write("etc/netplan/55.yaml", "network: {ethernets: {eth0: {dhcp4: true}, eth1: {dhcp4: true}}}\n");
    EXPECT_EQ(planned()->doubts,
              (std::vector<std::string>{"/etc/netplan/50.yaml gives the same links settings that netplan adds to ours: "
                                        "take them out of it"}));
}

TEST_F(Persisting, WhatNoWriterSpeaksIsRefused)
{
    folder_.write("etc/sysconfig/network/ifcfg-eth0", "BOOTPROTO=dhcp\n");
    EXPECT_EQ(planned().error().code, ErrorCode::unsupported);
    folder_.write("run/systemd/netif/links/3", "ADMIN_STATE=configured\n");
    EXPECT_EQ(planned().error().code, ErrorCode::refused);
}

}  // namespace
}  // namespace kvmkit::net
