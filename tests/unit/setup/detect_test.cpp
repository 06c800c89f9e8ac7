// SPDX-License-Identifier: Apache-2.0
#include "setup/detect.hpp"

#include "setup/installer.hpp"
#include "setup/rivals.hpp"
#include "support/temporary_folder.hpp"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

class DetectTest : public ::testing::Test {
protected:
    [[nodiscard]] Detection look() const { return detect(*Root::open(folder_.path()), {}); }

    void link(const std::string& path, const std::string& target) const
    {
        std::filesystem::create_directories((folder_.path() / path).parent_path());
        std::filesystem::create_symlink(target, folder_.path() / path);
    }

    testing::TemporaryFolder folder_;
};

constexpr const char* bookworm = "ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian 12\"\n";
constexpr const char* rocky =
    "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\nPRETTY_NAME=\"Rocky 9\"\n";

bool read_at(const Detection& detection, std::string_view path)
{
    return std::ranges::any_of(detection.evidence, [&](const Evidence& each) { return each.path == path; });
}

TEST_F(DetectTest, SaysWhatItReadOfADebian)
{
    folder_.write("etc/os-release", bookworm);
    folder_.write("usr/bin/apt-get", "");
    folder_.write("run/systemd/system/x", "");
    folder_.write("lib/systemd/system/libvirtd.service", "");
    const auto found = look();
    ASSERT_TRUE(found.distribution);
    EXPECT_TRUE(found.served());
    EXPECT_EQ(found.distribution->tier, Tier::first);
    EXPECT_EQ(found.init, Init::systemd);
    EXPECT_TRUE(found.libvirt_installed);
    EXPECT_EQ(found.libvirt, LibvirtMode::monolithic);
    ASSERT_FALSE(found.evidence.empty());
    EXPECT_EQ(found.evidence.front().found, "ID=debian ID_LIKE= VERSION_ID=12");
    for (const char* path :
         {"/etc/os-release", "/usr/bin/apt-get", "/run/systemd/system", "/lib/systemd/system/libvirtd.service"}) {
        EXPECT_TRUE(read_at(found, path)) << path;
    }
}

TEST_F(DetectTest, SaysOfTheThirdTierThatItIsPlannedForOnly)
{
    folder_.write("etc/os-release", "ID=alpine\nVERSION_ID=3.20\nPRETTY_NAME=\"Alpine\"\n");
    const auto found = look();
    ASSERT_TRUE(found.refusal);
    EXPECT_EQ(found.refusal->code, ErrorCode::refused);
    EXPECT_EQ(found.refusal->hint, "host-setup plan shows what to do by hand");
    EXPECT_EQ(found.distribution->tier, Tier::third);
    EXPECT_TRUE(std::ranges::any_of(
        found.notes, [](const std::string& note) { return note.find("third tier") != std::string::npos; }));
}

TEST_F(DetectTest, SaysWhatInstallsWhereThePackageManagerDoesNot)
{
    const auto told = [this](const std::string& text) {
        const auto found = look();
        return found.served() && std::ranges::any_of(found.notes, [&](const std::string& note) {
                   return note.find(text) != std::string::npos;
               });
    };
    folder_.write("etc/os-release", "ID=fedora\nVERSION_ID=41\nPRETTY_NAME=\"Fedora Linux 41 (Silverblue)\"\n");
    EXPECT_FALSE(told("rpm-ostree"));
    folder_.write("run/ostree-booted", "");
    EXPECT_TRUE(told("packages come by rpm-ostree install"));
    std::filesystem::remove(folder_.path() / "run/ostree-booted");
    folder_.write("etc/os-release",
                  "ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\nPRETTY_NAME=\"Tumbleweed\"\n");
    folder_.write("usr/sbin/transactional-update", "");
    folder_.write("proc/mounts", "/dev/vda2 / btrfs rw,relatime 0 0\n");
    EXPECT_FALSE(told("transactional-update")) << "it can be installed on any";
    folder_.write("proc/mounts",
                  "rootfs / rootfs rw 0 0\n/dev/vda2 / btrfs ro,relatime 0 0\n/dev/vda2 /etc btrfs rw 0 0\n");
    EXPECT_TRUE(told("packages come by transactional-update pkg install"));
    folder_.write("proc/mounts", "");
    folder_.write("etc/os-release", "ID=\"opensuse-microos\"\nID_LIKE=\"suse opensuse\"\nPRETTY_NAME=\"MicroOS\"\n");
    EXPECT_TRUE(told("transactional-update")) << "an image that does not run";
}

TEST_F(DetectTest, ServesArchWithEitherKindOfDaemons)
{
    folder_.write("etc/os-release", "ID=arch\nPRETTY_NAME=\"Arch Linux\"\n");
    const auto found = look();
    EXPECT_TRUE(found.served());
    EXPECT_FALSE(found.libvirt) << "either may come there";
    EXPECT_EQ(found.distribution->tier, Tier::second);
}

TEST_F(DetectTest, TellsTheDaemonsThatAreStartedFromThoseThatLieThere)
{
    folder_.write("etc/os-release", rocky);
    EXPECT_EQ(look().libvirt, LibvirtMode::modular) << "what the distribution comes with";
    EXPECT_FALSE(look().libvirt_installed);
    folder_.write("usr/lib/systemd/system/libvirtd.service", "");
    EXPECT_EQ(look().libvirt, LibvirtMode::monolithic);
    folder_.write("usr/lib/systemd/system/virtqemud.service", "");
    EXPECT_EQ(look().libvirt, LibvirtMode::modular) << "both are there, none is started: the distribution decides";
    link("etc/systemd/system/sockets.target.wants/libvirtd.socket", "/usr/lib/systemd/system/libvirtd.socket");
    EXPECT_EQ(look().libvirt, LibvirtMode::monolithic) << "an upgraded host keeps libvirtd";
    link("etc/systemd/system/sockets.target.wants/virtqemud.socket", "/usr/lib/systemd/system/virtqemud.socket");
    EXPECT_EQ(look().libvirt, LibvirtMode::both);
    EXPECT_TRUE(std::ranges::any_of(
        look().notes, [](const std::string& note) { return note.find("disable one of them") != std::string::npos; }));
}

TEST_F(DetectTest, AMaskIsNoUnit)
{
    folder_.write("etc/os-release", bookworm);
    link("etc/systemd/system/libvirtd.service", "/dev/null");
    EXPECT_FALSE(look().libvirt_installed);
}

TEST_F(DetectTest, RefusesProxmoxAndLibvirtInContainersWithWhatWasRead)
{
    folder_.write("etc/os-release", bookworm);
    folder_.write("proc/1/cgroup", "0::/init.scope\n");
    folder_.write("proc/812/comm", "libvirtd\n");
    folder_.write("proc/812/cgroup", "0::/system.slice/libvirtd.service\n");
    EXPECT_TRUE(look().served()) << "the host's own";
    folder_.write("proc/812/cgroup", "0::/system.slice/docker-4f1c9b.scope\n");
    const auto contained = look();
    ASSERT_TRUE(contained.refusal);
    EXPECT_EQ(contained.refusal->code, ErrorCode::refused);
    EXPECT_EQ(contained.refusal->message,
              "cannot set up host: its libvirt runs in a container (/proc/812/cgroup: libvirtd runs in "
              "docker-4f1c9b.scope)");
    EXPECT_TRUE(read_at(contained, "/proc/812/cgroup"));
    folder_.write("proc/1/cgroup", "0::/system.slice/docker-4f1c9b.scope\n");
    EXPECT_TRUE(look().served()) << "this is that container";
    folder_.write("etc/pve/x", "");
    EXPECT_EQ(look().refusal->message, "cannot set up host: this is a Proxmox VE host (/etc/pve: there)");
}

TEST_F(DetectTest, UnknownHostsAreRefusedAndStillLookedAt)
{
    folder_.write("etc/os-release", "ID=plan9\nPRETTY_NAME=\"Plan 9\"\n");
    const auto found = look();
    EXPECT_FALSE(found.distribution);
    ASSERT_TRUE(found.refusal);
    EXPECT_EQ(found.refusal->message,
              "cannot set up host 'Plan 9': this distribution is not known here (ID=plan9 ID_LIKE= VERSION_ID=)");
    EXPECT_TRUE(read_at(found, "/etc/os-release"));
}

TEST_F(DetectTest, ReleasesThatHaveEndedArePlannedForOnly)
{
    folder_.write("etc/os-release", "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"16.04\"\nPRETTY_NAME=\"Ubuntu 16.04\"\n");
    folder_.write("usr/share/upstart/x", "");
    folder_.write("usr/lib/systemd/systemd", "");
    const auto found = look();
    ASSERT_TRUE(found.refusal);
    EXPECT_EQ(found.refusal->message,
              "refused to set up host 'Ubuntu 16.04': it is of the third tier, which is planned for only");
    EXPECT_EQ(found.distribution->tier, Tier::third);
}

TEST(Containers, AreToldByTheirControlGroup)
{
    EXPECT_EQ(container_in("12:devices:/docker/4f1c9b\n1:name=systemd:/docker/4f1c9b\n"), "4f1c9b");
    EXPECT_EQ(container_in("0::/machine.slice/libpod-77ab.scope\n"), "libpod-77ab.scope");
    EXPECT_EQ(container_in("0::/kubepods.slice/kubepods-pod7.slice/crio-9.scope\n"), "kubepods.slice");
    EXPECT_EQ(container_in("0::/system.slice/docker.service\n"), "") << "the engine itself";
    EXPECT_EQ(container_in("0::/user.slice/user-1000.slice/session-3.scope\n"), "");
    EXPECT_EQ(container_in(""), "");
    EXPECT_EQ(container_in("\n:\n"), "");
}

TEST(Installers, NameTheLineToType)
{
    Distribution alpine{.id = "alpine", .version = "3.20", .name = "Alpine", .suite = {}, .family = Family::alpine};
    alpine.installer = Installer::apk;
    EXPECT_EQ(by_hand(alpine, {{{"qemu", "", "qemu-modules"}}, {}}), "apk add qemu-modules");
}

}  // namespace
}  // namespace kvmkit::setup
