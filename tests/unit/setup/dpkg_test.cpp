// SPDX-License-Identifier: Apache-2.0
#include "setup/dpkg.hpp"

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

std::string stanza(const std::string& name, const std::string& state, const std::string& architecture = "amd64")
{
    return "Package: " + name + "\nStatus: install ok " + state + "\nArchitecture: " + architecture +
           "\nVersion: 1.0\nDescription: a thing\n Version: not this one\n .\n more: text\n\n";
}

const std::string dpkg_itself = stanza("dpkg", "installed");

TEST(PackageTable, KnowsWhatIsInstalledForThisArchitecture)
{
    const auto table =
        PackageTable::parse(dpkg_itself + stanza("vlan", "installed", "all") + stanza("gone", "config-files") +
                            stanza("foreign", "installed", "i386") + stanza("waits", "triggers-awaited"));
    EXPECT_EQ(table.architecture(), "amd64");
    ASSERT_NE(table.installed("vlan"), nullptr);
    EXPECT_EQ(table.installed("vlan")->version, "1.0");
    EXPECT_EQ(table.installed("gone"), nullptr);
    EXPECT_EQ(table.installed("foreign"), nullptr) << "a package of another architecture does not serve this one";
    EXPECT_NE(table.installed("waits"), nullptr);
    EXPECT_EQ(table.installed("qemu-kvm"), nullptr);
}

TEST(PackageTable, ListsWhatDpkgDidNotFinish)
{
    const auto table = PackageTable::parse(dpkg_itself + stanza("a", "half-configured") + stanza("b", "unpacked") +
                                           stanza("c", "half-installed") + stanza("d", "triggers-pending"));
    std::vector<std::string> names;
    for (const auto& package : table.unfinished()) {
        names.push_back(package.name);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c"}));
}

TEST(PackageTable, SurvivesAnyText)
{
    for (const char* text :
         {"", "\n\n\n", "Package:", "Status:\n\n", ":\n", "Package: x\nStatus: \n", "no colon at all"}) {
        EXPECT_EQ(PackageTable::parse(text).installed("x"), nullptr) << text;
    }
}

TEST(PackageTable, SeesUpdatesThatAnInterruptedRunLeft)
{
    const testing::TemporaryFolder folder;
    const auto root = Root::open(folder.path());
    EXPECT_EQ(read_packages(*root).error().code, ErrorCode::not_found);
    folder.write("var/lib/dpkg/status", dpkg_itself + stanza("vlan", "unpacked"));
    folder.write("var/lib/dpkg/updates/tmp.i", "");
    EXPECT_FALSE(read_packages(*root)->interrupted);
    folder.write("var/lib/dpkg/updates/0001", stanza("vlan", "half-configured") + "#padding\n#padding\n");
    const auto table = read_packages(*root);
    ASSERT_TRUE(table);
    EXPECT_TRUE(table->interrupted);
    ASSERT_EQ(table->unfinished().size(), 1U);
    EXPECT_EQ(table->unfinished().front().state, "half-configured") << "the update is newer than the database";
}

TEST(PackageTable, TellsWhatChanged)
{
    const auto before = PackageTable::parse(dpkg_itself + stanza("old", "config-files") + stanza("stays", "installed"));
    const auto after = PackageTable::parse(dpkg_itself + stanza("old", "installed") + stanza("stays", "installed") +
                                           stanza("new", "half-configured"));
    const auto changes = changes_between(before, after);
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(describe(changes[0]), "new 1.0 (half-configured)");
    EXPECT_EQ(changes[0].before, std::nullopt);
    EXPECT_EQ(describe(changes[1]), "old 1.0 (installed)");
    EXPECT_TRUE(changes_between(after, after).empty());
}

}  // namespace
}  // namespace kvmkit::setup
