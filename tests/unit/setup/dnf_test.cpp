// SPDX-License-Identifier: Apache-2.0
#include "setup/dnf.hpp"

#include "setup/dnf_output.hpp"
#include "setup/rpm.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using namespace std::chrono_literals;

/// As dnf 4.14 prints it where it has no terminal: long names push the rest into the next line.
constexpr const char* transaction = R"(Last metadata expiration check: 0:00:01 ago on Sun Nov 29 09:45:16 2026.
Dependencies resolved.
================================================================================
 Package                                             Arch     Version Repo
                                                                           Size
================================================================================
Installing:
 libvirt                                             noarch   7.2-1   l    11 k
     replacing  oldone.noarch 7.2-1
 seabios-with-a-very-long-name-indeed-for-wrapping-twice
                                                     noarch   1:7.2-1 l    11 k
Installing dependencies:
 seabios-with-a-very-long-name-indeed-for-wrapping   noarch   7.2-1   l    11 k
Upgrading:
 glibc                                               x86_64   2.40-3  l   2.1 M
Removing dependent packages:
 oldtool                                             noarch   7.2-1   @l  4.9 k

Transaction Summary
================================================================================
Install  3 Packages
Upgrade  1 Package

Total download size: 2.1 M
Installed size: 15 k
Operation aborted.
)";

const std::string dnf = "dnf -y --setopt=exit_on_lock=1 --setopt=install_weak_deps=0 --color=never ";

TEST(DnfMembers, AreTheRowsOfTheGroupAndNotWhatTheyNeed)
{
    const auto members = read_dnf_members(R"(Dependencies resolved.
================================================================================
 Package                   Arch     Version Repo      Size
================================================================================
Installing group/module packages:
 a-name-that-is-much-too-long-for-its-column
                           noarch   99.1-1  stubs    6.1 k
 gnome-shell               noarch   99.1-1  stubs    6.1 k
Installing dependencies:
 mutter                    noarch   99.1-1  stubs    6.1 k
Installing Environment Groups:
 Server with a lot of GUI

Transaction Summary
)");
    ASSERT_TRUE(members);
    EXPECT_EQ(*members, (std::vector<std::string>{"a-name-that-is-much-too-long-for-its-column", "gnome-shell"}));
    EXPECT_TRUE(read_dnf_members("Dependencies resolved.\nNothing to do.\n")->empty());
    EXPECT_TRUE(read_dnf_members("Updating and loading repositories:\nNothing to do.\n")->empty());
    EXPECT_FALSE(read_dnf_members("Module or Group 'x' is not available.\nError: Nothing to do.\n"));
}

TEST(DnfOutput, TableIsReadWithWrappedAndReplacedRows)
{
    const auto price = read_dnf_transaction(transaction);
    ASSERT_EQ(price.install.size(), 4U);
    EXPECT_EQ(price.install[0].name, "libvirt");
    EXPECT_EQ(price.install[1].name, "seabios-with-a-very-long-name-indeed-for-wrapping-twice");
    EXPECT_EQ(price.install[1].version, "1:7.2-1");
    EXPECT_EQ(price.install[3].version, "2.40-3");
    EXPECT_EQ(price.remove, (std::vector<std::string>{"oldone", "oldtool"}));
    EXPECT_EQ(price.download.count(), 2202009U);
    EXPECT_EQ(price.disk.count(), 15360U);
    EXPECT_TRUE(read_dnf_transaction("Error: no\nInstalling:\n a b c d e\n").install.empty()) << "nothing was resolved";
    EXPECT_TRUE(read_dnf_transaction("Dependencies resolved.\nNothing to do.\nComplete!\n").install.empty());
}

TEST(DnfOutput, SizesArePowersOf1024)
{
    EXPECT_EQ(read_dnf_size("123 ").count(), 123U);
    EXPECT_EQ(read_dnf_size("4.5 k").count(), 4608U);
    EXPECT_EQ(read_dnf_size("2 G").count(), 2147483648U);
    for (const char* wrong : {"", "k", "-5 k", "much", "nan", "inf G", "1e+87", "8796093022208 M"}) {
        EXPECT_EQ(read_dnf_size(wrong).count(), 0U) << wrong;
    }
}

TEST(DnfOutput, ProblemsAndFailedScriptsAreFoundWhateverTheExitCodeSays)
{
    const auto problems = read_dnf_problems(
        "Errors during downloading metadata for repository 'd':\n  - Curl error (7): Couldn't connect\nl   1 MB/s\n"
        "Ignoring repositories: d\nIgnoring repositories: d\nMetadata cache created.\n");
    ASSERT_EQ(problems.size(), 3U);
    EXPECT_EQ(problems[2], "Ignoring repositories: d");
    const auto failed = read_failed_scripts(
        "on fire\nwarning: %post(x) scriptlet failed, exit status 7\nError in POSTIN scriptlet in rpm package "
        "badpost\n");
    EXPECT_EQ(failed, std::vector<std::string>{"POSTIN scriptlet in rpm package badpost"});
    EXPECT_TRUE(read_failed_scripts("Error in the air\n").empty());
}

TEST(DnfOutput, ProgressIsToldOfPackagesAlone)
{
    const auto half =
        read_dnf_progress("  Installing       : qemu-kvm-7.2-1.noarch                                  2/4 ");
    ASSERT_TRUE(half);
    EXPECT_EQ(half->percent, 50);
    for (const char* line : {"", "Complete!", "l  1.9 MB/s | 2.0 kB", "  Installing : x 3/0", "Installing:", " a/b"}) {
        EXPECT_FALSE(read_dnf_progress(line)) << line;
    }
}

TEST(DnfOutput, ProgressOfTheFifthIsToldOfWhatIsFetchedAndInstalled)
{
    const auto fetched =
        read_dnf5_progress("[1/4] qemu-kvm-0:99.1-1.noarch          100% |   0.0   B/s |   6.3 KiB |  00m00s");
    ASSERT_TRUE(fetched);
    EXPECT_TRUE(fetched->downloading);
    EXPECT_EQ(fetched->percent, 25);
    EXPECT_EQ(fetched->text, "qemu-kvm-0:99.1-1.noarch");
    const auto installed =
        read_dnf5_progress("[4/5] Installing qemu-kvm-0:99.1-1.noar 100% |  24.4 KiB/s | 100.0   B |  00m00s");
    ASSERT_TRUE(installed);
    EXPECT_FALSE(installed->downloading);
    EXPECT_EQ(installed->percent, 80);
    const auto padded =
        read_dnf5_progress("[ 3/12] vlan-0:99.1-1.noarch              100% |   0.0   B/s |   6.3 KiB |  00m00s");
    ASSERT_TRUE(padded);
    EXPECT_EQ(padded->percent, 25);
    const auto far =
        read_dnf5_progress("[ 30/120] Installing vlan-0:99.1-1.noarch 100% |   1.0 KiB/s | 100.0   B |  00m00s");
    ASSERT_TRUE(far);
    EXPECT_EQ(far->percent, 25);
    for (const char* line : {"",
                             "Complete!",
                             " stubs  100% | 489.4 KiB/s |   2.9 KiB |  00m00s",
                             "[",
                             "[] x 100% |",
                             "[3/3] Total   100% |  18.5 MiB/s |  19.0 KiB |  00m00s",
                             "[9/0] x 100% | ",
                             "[ /4] x 100% | ",
                             "[1x/4] x 100% | ",
                             "[1/] x 100% | ",
                             " 100% |] x"}) {
        EXPECT_FALSE(read_dnf5_progress(line)) << line;
    }
}

TEST(DnfOutput, PackagesOfRpmAreReadWithTheirArchitecture)
{
    const auto table =
        read_rpm_list("a\t1-1\tnoarch\nb\t2:1-1\tx86_64\nb\t2:1-1\ti686\ngpg-pubkey\t1-1\t(none)\nx\n", "x86_64");
    EXPECT_EQ(table.architecture(), "x86_64");
    ASSERT_NE(table.installed("a"), nullptr);
    EXPECT_EQ(table.installed("b")->version, "2:1-1");
    EXPECT_EQ(table.installed("gpg-pubkey"), nullptr);
    EXPECT_TRUE(table.unfinished().empty());
}

TEST(Dnf, ReadsThePriceFromTheAnswerNo)
{
    testing::FakeRunner runner;
    runner.answer(dnf + "--assumeno install libvirt", {1, transaction, ""});
    const auto price = Dnf{runner, {}}.price({"libvirt"});
    ASSERT_TRUE(price) << price.error().message;
    EXPECT_EQ(price->install.size(), 4U);
    EXPECT_EQ(runner.environment().at("LC_ALL"), "C.UTF-8");
}

TEST(Dnf, TellsALockFromAFailure)
{
    testing::FakeRunner runner;
    runner.answer(dnf + "--assumeno install x", {200, "", "metadata already locked by 697\n"});
    runner.answer(dnf + "install x", {200, "", "metadata already locked by 697\n"});
    runner.answer(dnf + "--assumeno install y", {1, "", "Error: Unable to find a match: y\n"});
    Dnf manager{runner, {.lock_wait = 0s}};
    EXPECT_EQ(manager.price({"x"}).error().code, ErrorCode::timeout);
    const auto held = manager.install({"x"}, {});
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().code, ErrorCode::timeout);
    EXPECT_NE(held.error().message.find("already locked by 697"), std::string::npos);
    const auto unknown = manager.price({"y"});
    EXPECT_EQ(unknown.error().code, ErrorCode::external);
    EXPECT_NE(unknown.error().message.find("Unable to find a match: y"), std::string::npos);
}

TEST(Dnf, FindsAScriptThatFailedInASuccess)
{
    const testing::TemporaryFolder folder;
    testing::FakeRunner runner;
    runner.answer(dnf + "install x", {0, "Error in POSTIN scriptlet in rpm package x\nComplete!\n", "on fire\n"});
    const auto failed = Dnf{runner, {.log = folder.path() / "log"}}.install({"x"}, {});
    ASSERT_FALSE(failed);
    EXPECT_EQ(
        failed.error().message,
        "cannot install packages 'x': dnf calls it a success, and these failed: POSTIN scriptlet in rpm package x");
    EXPECT_NE(failed.error().hint.find("all that dnf said is in"), std::string::npos);
}

TEST(Dnf, RemovesNothingThatOthersNeed)
{
    const std::string rpm = "rpm -q --qf '%{name}\\t%{evr}\\t%{arch}\\n' a b";
    const std::string table = "Dependencies resolved.\nRemoving:\n a noarch 1-1 @l 4.9 k\n";
    testing::FakeRunner runner;
    runner.answer(rpm, {1, "a\t1-1\tnoarch\npackage b is not installed\n", ""});
    runner.answer(dnf + "--noautoremove --assumeno remove a",
                  {1, table + "Removing dependent packages:\n mine noarch 1-1 @l 4.9 k\n", ""});
    const auto refused = Dnf{runner, {}}.remove({"a", "b"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::refused);
    EXPECT_EQ(refused.error().message, "refused to remove packages 'a': 'mine' would have to go, too");

    testing::FakeRunner gone;
    gone.answer(rpm, {2, "package a is not installed\npackage b is not installed\n", ""});
    EXPECT_TRUE((Dnf{gone, {}}.remove({"a", "b"})));
    EXPECT_EQ(gone.ran().size(), 2U) << "an inverse must be harmless where its change never happened";
}

TEST(DnfOutput, TransactionOfTheFifthIsRead)
{
    const auto price = read_dnf5_transaction(
        "Package        Arch   Version  Repository      Size\n"
        "Upgrading:\n"
        " qemu-kvm       noarch 0:99.2-1 stubs        5.0   B\n"
        "   replacing qemu-kvm noarch 0:99.1-1 stubs        5.0   B\n"
        "Installing:\n"
        " python3.11     noarch 1:3.11-1 stubs        5.0   B\n"
        "   replacing python3.9 noarch 0:3.9-1 stubs        5.0   B\n"
        "Installing dependencies:\n"
        " libvirt-daemon noarch 0:99.1-1 stubs        5.0   B\n"
        "\n"
        "Transaction Summary:\n Installing:         2 packages\n"
        "Total size of inbound packages is 2 MiB. Need to download 1.5 MiB.\n"
        "After this operation, 15 KiB extra will be used (install 20 KiB, remove 5 KiB).\n");
    ASSERT_TRUE(price);
    ASSERT_EQ(price->install.size(), 3U);
    EXPECT_EQ(price->install[0].version, "99.2-1");
    EXPECT_EQ(price->install[1].version, "1:3.11-1");
    EXPECT_EQ(price->remove, std::vector<std::string>{"python3.9"}) << "what its own newer version replaces stays";
    EXPECT_EQ(price->download.count(), 1572864U);
    EXPECT_EQ(price->disk.count(), 15360U);
    EXPECT_TRUE(read_dnf5_transaction("Nothing to do.\n")->install.empty());
    EXPECT_FALSE(read_dnf5_transaction("Failed to resolve the transaction:\nNo match for argument: x\n"));
    EXPECT_EQ(
        read_dnf5_transaction("Transaction Summary:\nAfter this operation, 5 B will be freed (x).\n")->disk.count(),
        0U);
}

}  // namespace
}  // namespace kvmkit::setup
