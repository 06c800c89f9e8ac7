// SPDX-License-Identifier: Apache-2.0
#include "setup/apt_output.hpp"

#include "setup/apt_progress.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using Lines = std::vector<std::string>;

TEST(AptSimulation, NamesWhatComesAndWhatGoes)
{
    const auto price = read_simulation(
        "NOTE: This is only a simulation!\n"
        "Remv firewalld [1.3.0-1]\n"
        "Inst libc6 [2.36-9] (2.36-9+deb12u13 Debian:12.12/oldstable [amd64]) []\n"
        "Inst vlan (2.0.5 Debian:12.12/oldstable [all])\n"
        "Conf vlan (2.0.5 Debian:12.12/oldstable [all])\n");
    ASSERT_EQ(price.install.size(), 2U);
    EXPECT_EQ(price.install[0].name, "libc6");
    EXPECT_EQ(price.install[0].version, "2.36-9+deb12u13");
    EXPECT_EQ(price.install[1].version, "2.0.5");
    EXPECT_EQ(price.remove, (Lines{"firewalld"}));
}

TEST(AptPrice, CountsWhatIsFetchedAndWhatIsUsed)
{
    const char* text =
        "Need to get 64.7 kB of archives.\nAfter this operation, 1,326 kB of additional disk space will be used.\n"
        "'http://example.org/h.deb' h.deb 53080 MD5Sum:d0\n'copy:/srv/v.deb' v.deb 11668 SHA256:5c\n"
        "'file:/srv/local.deb' local.deb 999999 SHA256:5c\n";
    EXPECT_EQ(read_download_size(text).count(), 64748U);
    EXPECT_EQ(read_disk_size(text).count(), 1326000U);
    EXPECT_EQ(read_disk_size("After this operation, 3 B of additional disk space will be used.").count(), 3U);
    EXPECT_EQ(read_disk_size("After this operation, 1.5 GB of additional disk space will be used.").count(),
              1500000000U);
    EXPECT_EQ(read_disk_size("After this operation, 20 MB disk space will be freed.").count(), 0U);
}

TEST(AptPolicy, LeavesOutVirtualAndUnknownNames)
{
    const auto candidates = read_candidates(
        "qemu-kvm:\n  Installed: (none)\n  Candidate: (none)\n  Version table:\n"
        "vlan:\n  Installed: (none)\n  Candidate: 2.0.5\n  Version table:\n     2.0.5 500\n"
        "        500 http://example.org bookworm/main amd64 Packages\n");
    EXPECT_EQ(candidates, (std::map<std::string, std::string>{{"vlan", "2.0.5"}}));
}

struct Lie {
    const char* text;
    const char* sign;
};

class AptUpdateLies : public ::testing::TestWithParam<Lie> {};

TEST_P(AptUpdateLies, AreFoundWhateverTheExitCode)
{
    const auto problems = read_update_problems(GetParam().text);
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_NE(problems.front().find(GetParam().sign), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Update,
    AptUpdateLies,
    ::testing::Values(
        Lie{"Hit:1 http://a\nW: Failed to fetch http://a/InRelease  Could not connect to 127.0.0.1:1\n",
            "Could not connect"},
        Lie{"Err:1 http://a x InRelease\n  Could not resolve 'a'\n", "Err:1"},
        Lie{"W: Skipping acquire of configured file 'x' as repository 'a' doesn't have the component 'univers'\n",
            "component"},
        Lie{"W: GPG error: http://a InRelease: The following signatures couldn't be verified: NO_PUBKEY 1234\n",
            "NO_PUBKEY"},
        Lie{"W: Some index files failed to download. They have been ignored, or old ones used instead.\n",
            "index files"},
        Lie{"E: The repository 'cdrom://x' does not have a Release file.\n", "Release file"},
        Lie{"E: Release file for http://a is expired (invalid since 3d).\nE: Release file for http://a is expired "
            "(invalid since "
            "3d).\n",
            "expired"}));

TEST(AptUpdate, WithoutProblemsHasNone)
{
    EXPECT_EQ(read_update_problems("Hit:1 http://a InRelease\nIgn:2 copy:/srv ./ InRelease\nReading package lists...\n"
                                   "W: Target Packages is configured multiple times in /etc/apt/sources.list:1\n"
                                   "N: Usage of apt_auth\n"),
              Lines{});
}

TEST(AptFailure, BeginsWithTheFirstWordsOnStandardError)
{
    EXPECT_EQ(failure_excerpt("Setting up a\n",
                              "debconf: unable to initialize frontend\nthe disk is on fire\n"
                              "dpkg: error processing package a (--configure):\n installed a script returned 7\n"),
              "the disk is on fire\ndpkg: error processing package a (--configure):\n installed a script returned 7");
    EXPECT_EQ(failure_excerpt("", "1\n2\n3\n4\n5\n", 4), "1\n2\n...\n5");
    EXPECT_EQ(failure_excerpt("one\n\ntwo\nthree\n", "", 2), "two\nthree");
    EXPECT_EQ(failure_excerpt("", ""), "");
}

TEST(AptVersion, IsComparable)
{
    EXPECT_EQ(read_apt_version("apt 2.6.1 (amd64)\nSupported modules:\n"), 2006U);
    EXPECT_EQ(read_apt_version("apt 1.6.17 (amd64)\n"), 1006U);
    EXPECT_EQ(read_apt_version("something else"), 0U);
    EXPECT_EQ(read_apt_version(""), 0U);
}

TEST(AptProgressReader, CountsWhatIsFetchedUnpackedAndSetUp)
{
    AptProgressReader reader;
    EXPECT_FALSE(reader.read("Reading package lists..."));
    EXPECT_FALSE(reader.read("0 upgraded, 2 newly installed, 0 to remove and 127 not upgraded."));
    const auto fetch = reader.read("Get:1 http://example.org/debian bookworm/main amd64 vlan all 2.0.5 [11.7 kB]");
    ASSERT_TRUE(fetch);
    EXPECT_TRUE(fetch->downloading);
    EXPECT_DOUBLE_EQ(fetch->percent, 50);
    EXPECT_EQ(fetch->text, "Fetched vlan");
    const auto unpack = reader.read("Unpacking vlan (2.0.5) ...");
    ASSERT_TRUE(unpack);
    EXPECT_FALSE(unpack->downloading);
    EXPECT_DOUBLE_EQ(unpack->percent, 25);
    EXPECT_EQ(unpack->text, "Unpacking vlan");
    EXPECT_DOUBLE_EQ(reader.read("Setting up vlan (2.0.5) ...")->percent, 50);
    for (const char* line : {"", "Get:", "Get:1 a b c d", "Unpacking ", "Setting up\n"}) {
        (void)reader.read(line);
    }
    EXPECT_LE(reader.read("Setting up x (1) ...")->percent, 100);
}

}  // namespace
}  // namespace kvmkit::setup
