// SPDX-License-Identifier: Apache-2.0
#include "setup/pacman.hpp"

#include "setup/apk_database.hpp"
#include "setup/package_size.hpp"
#include "setup/pacman_lists.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <filesystem>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

/// As pacman 6.0.2 prints them.
constexpr const char* known = R"(Repository      : stubs
Name            : iptables-nft
Version         : 1:1.8.10-2
Provides        : iptables=1.8.10  arptables
Depends On      : libnftnl  libpcap
Optional Deps   : one: for this
                  two: for that
Conflicts With  : iptables
Replaces        : None
Download Size   : 300.00 KiB
Installed Size  : 2.50 MiB

Repository      : stubs
Name            : libvirt
Version         : 10.0-1
Provides        : None
Conflicts With  : foo<2  bar
Replaces        : old
Installed Size  : 3000.00 B

Repository      : other
Name            : libvirt
Version         : 9.0-1
)";

/// Versions of one digit, which is enough here.
int by_text(const std::string& one, const std::string& other)
{
    return one.compare(other);
}

TEST(PacmanOutput, PackagesAreReadAndTheFirstOfANameCounts)
{
    const auto packages = read_pacman_packages(known);
    ASSERT_EQ(packages.size(), 2U);
    EXPECT_EQ(packages[0].name, "iptables-nft");
    EXPECT_EQ(packages[0].version, "1:1.8.10-2");
    EXPECT_EQ(packages[0].provides, (std::vector<std::string>{"iptables=1.8.10", "arptables"}));
    EXPECT_EQ(packages[0].conflicts, std::vector<std::string>{"iptables"});
    EXPECT_TRUE(packages[0].replaces.empty());
    EXPECT_EQ(packages[0].disk.count(), 2621440U);
    EXPECT_EQ(packages[1].version, "10.0-1");
    EXPECT_TRUE(read_pacman_packages("").empty());
    EXPECT_TRUE(read_pacman_packages("error: package 'x' was not found\nVersion : 1\n").empty());
}

TEST(PacmanOutput, SizesTargetsAndWhoNeedsWhatAreRead)
{
    EXPECT_EQ(read_binary_size("1.50 GiB").count(), 1610612736U);
    for (const char* text : {"", "None", "1.5", "x MiB", "-3 B", "1 MB", "nan B", "1e300 TiB"}) {
        EXPECT_EQ(read_binary_size(text).count(), 0U) << text;
    }
    const auto targets = read_pacman_targets("qemu-base 9.0-1 279\nwarning: something else\nx 1 2x\n");
    ASSERT_EQ(targets.size(), 1U);
    EXPECT_EQ(targets[0].download.count(), 279U);
    EXPECT_EQ(read_pacman_dependants(":: removing a breaks dependency 'a' required by mine\n"
                                     ":: removing b breaks dependency 'b' required by mine\n"),
              std::vector<std::string>{"mine"});
    EXPECT_EQ(
        read_pacnew("warning: /etc/a.conf installed as /etc/a.conf.pacnew\nwarning: /etc/b saved as /etc/b.pacsave\n"),
        std::vector<std::string>{"/etc/a.conf.pacnew"});
}

TEST(PacmanOutput, ProgressCountsThePackages)
{
    PacmanProgressReader reader;
    EXPECT_FALSE(reader.read("installing a...")) << "nobody said how many there are";
    EXPECT_FALSE(reader.read("Packages (2) a-1-1  b-2-1"));
    const auto fetched = reader.read(" a-1-1-any downloading...");
    ASSERT_TRUE(fetched);
    EXPECT_TRUE(fetched->downloading);
    EXPECT_EQ(fetched->percent, 50);
    EXPECT_EQ(reader.read("installing a...")->percent, 50);
    EXPECT_EQ(reader.read("upgrading b...")->percent, 100);
    EXPECT_EQ(reader.read("removing c...")->percent, 100) << "more than it said";
    EXPECT_FALSE(reader.read("checking keyring..."));
}

TEST(PacmanConflicts, AreFoundOnBothSidesWithTheirVersions)
{
    const std::vector<PacmanPackage> coming{
        {.name = "new", .version = "1-1", .provides = {"thing=3"}, .conflicts = {"foo<2"}}};
    const auto going = [&](PacmanPackage there) { return packages_to_go(coming, {std::move(there)}, by_text); };
    EXPECT_EQ(going({.name = "foo", .version = "1-1"}), std::vector<std::string>{"foo"});
    EXPECT_TRUE(going({.name = "foo", .version = "3-1"}).empty());
    EXPECT_EQ(going({.name = "bar", .version = "1-1", .provides = {"foo=1"}}), std::vector<std::string>{"bar"});
    EXPECT_TRUE(going({.name = "bar", .version = "1-1", .provides = {"foo"}}).empty()) << "no version, no match";
    EXPECT_EQ(going({.name = "old", .version = "1-1", .conflicts = {"thing>=3"}}), std::vector<std::string>{"old"});
    EXPECT_TRUE(going({.name = "new", .version = "0-1", .conflicts = {"thing"}}).empty())
        << "its own newer version comes";
}

TEST(PacmanDatabase, IsReadFromItsFiles)
{
    const testing::TemporaryFolder folder;
    folder.write("var/lib/pacman/local/ALPM_DB_VERSION", "9\n");
    folder.write("var/lib/pacman/local/libvirt-10.0-1/desc",
                 "%NAME%\nlibvirt\n\n%VERSION%\n10.0-1\n\n%ARCH%\nx86_64\n");
    folder.write("var/lib/pacman/local/osinfo-1-1/desc", "%NAME%\nosinfo\n\n%VERSION%\n1-1\n\n%ARCH%\nany\n");
    const auto table = read_pacman_packages(*Root::open(folder.path()), "x86_64");
    ASSERT_TRUE(table);
    ASSERT_NE(table->installed("libvirt"), nullptr);
    EXPECT_EQ(table->installed("libvirt")->version, "10.0-1");
    EXPECT_NE(table->installed("osinfo"), nullptr);
    const testing::TemporaryFolder empty;
    EXPECT_EQ(read_pacman_packages(*Root::open(empty.path()), "x86_64").error().code, ErrorCode::not_found);
}

TEST(PacmanLists, ComeBackOnlyWhereNothingWasInstalledMeanwhile)
{
    const testing::TemporaryFolder folder;
    folder.write("var/lib/pacman/local/a-1-1/desc", "");
    folder.write("var/lib/pacman/sync/core.db", "old");
    EXPECT_FALSE(own_lists_are_newer(folder.path()));
    ASSERT_TRUE(make_own_lists(folder.path()));
    folder.write("var/cache/kvmkit/pacman/sync/core.db", "new");
    EXPECT_TRUE(own_lists_are_newer(folder.path()));
    ASSERT_TRUE(keep_lists(folder.path()));
    folder.write("var/lib/pacman/sync/core.db", "new");
    ASSERT_TRUE(give_lists_back(folder.path()));
    const auto root = Root::open(folder.path());
    EXPECT_EQ(**root->read("var/lib/pacman/sync/core.db"), "old");
    folder.write("var/lib/pacman/local/b-1-1/desc", "");
    folder.write("var/lib/pacman/sync/core.db", "new");
    ASSERT_TRUE(give_lists_back(folder.path()));
    EXPECT_EQ(**root->read("var/lib/pacman/sync/core.db"), "new") << "b came by them";
    drop_own_lists(folder.path());
    EXPECT_FALSE(root->exists("var/cache/kvmkit/pacman"));
    EXPECT_TRUE(root->exists("var/lib/pacman/local/a-1-1/desc")) << "the link was followed";
}

TEST(PacmanOutput, NamesServersThatAnotherOneStoodInFor)
{
    const std::string line =
        "error: failed retrieving file 'core.db' from h:80 : The requested URL returned error: 404";
    EXPECT_EQ(read_pacman_problems(line + "\n" + line + "\nwarning: too many errors from h:80\n"), std::vector{line});
}

TEST(ApkDatabase, IsReadFromItsFile)
{
    const auto table =
        read_apk_list("C:Q1=\nP:dbus\nV:1.14-r1\nA:noarch\n\nP:qemu-img\nV:9-r0\nA:x86_64\nF:usr\n", "x86_64");
    ASSERT_NE(table.installed("dbus"), nullptr);
    ASSERT_NE(table.installed("qemu-img"), nullptr);
    EXPECT_EQ(table.installed("qemu-img")->version, "9-r0");
    EXPECT_TRUE(read_apk_list("", "x86_64").all().empty());
}

}  // namespace
}  // namespace kvmkit::setup
