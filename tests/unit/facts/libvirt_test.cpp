// SPDX-License-Identifier: Apache-2.0
#include "facts/libvirt.hpp"
#include "probe/libvirt.hpp"
#include "support/temporary_folder.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/sh\nbroken\nlibvirt-qemu:x:64055:106:Libvirt Qemu,,,:/var/lib/libvirt:/sbin/nologin\n"
    "qemu:x:107:107::/:/sbin/nologin\nvm:x:2000:2000::/:/bin/sh\n";
constexpr std::string_view groups = "kvm:x:106:\nvideo:x:44:alice, libvirt-qemu\nvm:x:2000:\ntape:x:26:vm\n";

LibvirtFacts read_below(const testing::TemporaryFolder& folder)
{
    return read_libvirt(Root::open(folder.path()).value());
}

/// A socket in the file system, at which somebody listens or no longer does.
UniqueFd bound(const std::filesystem::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = path.string();
    std::memcpy(&address.sun_path[0], name.c_str(), name.size() + 1);
    UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
}

TEST(QemuConf, TakesTheLastSettingThatIsNoComment)
{
    constexpr std::string_view text =
        "#user = \"root\"\n user = \"vm\"\nuser_extra = 1\ngroup='+106' # kvm\nport = 5\n";
    EXPECT_EQ(qemu_conf_value(text, "user"), "vm");
    EXPECT_EQ(qemu_conf_value(text, "group"), "+106");
    EXPECT_EQ(qemu_conf_value(text, "port"), "5");
    EXPECT_EQ(qemu_conf_value(text, "namespaces"), "");
    EXPECT_EQ(qemu_conf_value("user = \"", "user"), "");
}

TEST(QemuAccount, IsTheDistributionsWithItsGroups)
{
    const auto account = find_qemu_account("", passwd, groups);
    ASSERT_TRUE(account);
    EXPECT_EQ(account->name, "libvirt-qemu");
    EXPECT_EQ(account->uid, 64055U);
    EXPECT_EQ(account->gids, (std::set<unsigned>{44, 106}));
    EXPECT_EQ(find_qemu_account("", "qemu:x:107:107::/:/sbin/nologin\n", groups)->name, "qemu");
    EXPECT_FALSE(find_qemu_account("", "root:x:0:0:root:/root:/bin/sh\n", groups));
}

TEST(QemuAccount, IsTheOneThatQemuConfNames)
{
    const auto named = find_qemu_account("user = \"vm\"\ngroup = \"kvm\"\n", passwd, groups);
    ASSERT_TRUE(named);
    EXPECT_EQ(named->name, "vm");
    EXPECT_EQ(named->gids, (std::set<unsigned>{26, 106, 2000}));
    EXPECT_EQ(find_qemu_account("user = \"+107\"\n", passwd, groups)->name, "qemu");
    EXPECT_FALSE(find_qemu_account("user = \"nobody-we-know\"\n", passwd, groups));
}

TEST(LibvirtFiles, NothingIsNoLibvirt)
{
    const testing::TemporaryFolder folder;
    const auto facts = read_below(folder);
    EXPECT_FALSE(facts.installed());
    EXPECT_EQ(facts.manager, ServiceManager::none);
    EXPECT_FALSE(facts.socket);
    EXPECT_FALSE(*facts.group);
    EXPECT_FALSE(*facts.qemu);
}

TEST(LibvirtFiles, TellTheArrangementAndWhatBootStarts)
{
    const testing::TemporaryFolder folder;
    folder.write("usr/sbin/libvirtd", "");
    folder.write("usr/lib/systemd/system/virtqemud.service", "");
    folder.write("usr/lib/systemd/systemd", "");
    folder.write("etc/systemd/system/sockets.target.wants/virtqemud.socket", "");
    folder.write("etc/group", "libvirt:x:105:alice\n");
    std::filesystem::create_symlink("/dev/null", folder.path() / "etc/systemd/system/libvirtd.service");
    const auto facts = read_below(folder);
    EXPECT_TRUE(facts.monolithic.installed);
    EXPECT_TRUE(facts.monolithic.masked);
    EXPECT_FALSE(facts.monolithic.enabled);
    EXPECT_TRUE(facts.modular.installed);
    EXPECT_FALSE(facts.modular.masked);
    EXPECT_TRUE(facts.modular.enabled);
    EXPECT_EQ(facts.manager, ServiceManager::systemd);
    EXPECT_EQ((*facts.group)->gid, 105U);
}

TEST(LibvirtFiles, SeeALinkOfBootThatLeadsOutOfTheFolder)
{
    const testing::TemporaryFolder folder;
    folder.write("lib/systemd/system/libvirtd.service", "");
    std::filesystem::create_directories(folder.path() / "etc/systemd/system/multi-user.target.wants");
    std::filesystem::create_symlink("/no/such/unit",
                                    folder.path() / "etc/systemd/system/multi-user.target.wants/libvirtd.service");
    EXPECT_TRUE(read_below(folder).monolithic.enabled);
}

TEST(LibvirtFiles, KnowOpenRc)
{
    const testing::TemporaryFolder folder;
    folder.write("usr/sbin/libvirtd", "");
    folder.write("etc/runlevels/default/libvirtd", "");
    EXPECT_EQ(read_below(folder).manager, ServiceManager::openrc);
    EXPECT_TRUE(read_below(folder).monolithic.enabled);
}

TEST(LibvirtSocket, TellsAListenerFromALeftover)
{
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "libvirt-sock";
    EXPECT_EQ(connect_to(path).errnum, ENOENT);
    {
        const auto listener = bound(path);
        ASSERT_EQ(::listen(listener.get(), 1), 0);
        EXPECT_TRUE(connect_to(path).ok());
    }
    EXPECT_EQ(connect_to(path).errnum, ECONNREFUSED);
    EXPECT_EQ(connect_to(std::string(200, 'x')).errnum, ENAMETOOLONG);
}

TEST(LibvirtSocket, IsTriedOnlyWhereItIs)
{
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "libvirt-sock";
    const auto listener = bound(path);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    LibvirtFacts facts;
    facts.monolithic.installed = true;
    try_libvirt(facts);
    EXPECT_FALSE(*facts.connect);
    facts.socket = std::optional{path.string()};
    try_libvirt(facts);
    EXPECT_TRUE((*facts.connect)->ok());
}

}  // namespace
}  // namespace kvmkit
