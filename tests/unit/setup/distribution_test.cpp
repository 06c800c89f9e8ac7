// SPDX-License-Identifier: Apache-2.0
#include "setup/distribution.hpp"

#include "support/temporary_folder.hpp"

#include <ostream>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

struct Known {
    const char* os_release;
    Family family;
    unsigned release;
    const char* suite;
    bool noted;
};

/// Names the case in the output of a test; without it gtest prints the struct's bytes.
void PrintTo(const Known& known, std::ostream* out)  // NOLINT(readability-identifier-naming): gtest's name
{
    *out << known.suite << ' ' << known.release;
}

class KnownDistributions : public ::testing::TestWithParam<Known> {};

TEST_P(KnownDistributions, AreReadAsTheirFamilyAndRelease)
{
    const auto distribution = read_distribution(GetParam().os_release);
    ASSERT_TRUE(distribution) << distribution.error().message;
    EXPECT_EQ(distribution->family, GetParam().family);
    EXPECT_EQ(distribution->release, GetParam().release);
    EXPECT_EQ(distribution->suite, GetParam().suite);
    EXPECT_EQ(!distribution->note.empty(), GetParam().noted) << distribution->note;
}

INSTANTIATE_TEST_SUITE_P(
    OsRelease,
    KnownDistributions,
    ::testing::Values(
        Known{"ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n", Family::debian, 1200, "bookworm", false},
        Known{"ID=debian\nVERSION_ID=\"11\"\nVERSION_CODENAME=bullseye\n", Family::debian, 1100, "bullseye", false},
        Known{"ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n", Family::debian, 1300, "trixie", false},
        Known{"ID=debian\nVERSION_CODENAME=forky\n", Family::debian, 1300, "forky", true},
        Known{"ID=debian\nVERSION_ID='14'\nVERSION_CODENAME=forky\n", Family::debian, 1400, "forky", true},
        Known{"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"22.04\"\nUBUNTU_CODENAME=jammy\n",
              Family::ubuntu,
              2204,
              "jammy",
              false},
        Known{"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"18.04\"\nUBUNTU_CODENAME=bionic\n",
              Family::ubuntu,
              1804,
              "bionic",
              false},
        Known{"ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"25.04\"\nUBUNTU_CODENAME=plucky\n",
              Family::ubuntu,
              2504,
              "plucky",
              false},
        Known{"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21.3\"\nUBUNTU_CODENAME=jammy\n",
              Family::ubuntu,
              2204,
              "jammy",
              true},
        Known{"ID=linuxmint\nID_LIKE=debian\nVERSION_ID=\"6\"\nDEBIAN_CODENAME=bookworm\n",
              Family::debian,
              1200,
              "bookworm",
              true},
        Known{"# c\nID=raspbian\nID_LIKE=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
              Family::debian,
              1200,
              "bookworm",
              true},
        Known{"ID=devuan\nID_LIKE=debian\nVERSION_ID=\"5\"\nVERSION_CODENAME=daedalus\n",
              Family::debian,
              1200,
              "daedalus",
              true},
        Known{"ID=strange\nID_LIKE=debian\nVERSION_ID=\"2026\"\n", Family::debian, 1300, "", true},
        Known{"ID=debian\nVERSION_ID=\"10\"\nVERSION_CODENAME=buster\n", Family::debian, 1000, "buster", false},
        Known{"ID=linuxmint\nID_LIKE=ubuntu\nVERSION_ID=\"18\"\nUBUNTU_CODENAME=xenial\n",
              Family::ubuntu,
              1604,
              "xenial",
              true},
        Known{"ID=fedora\nVERSION_ID=41\n", Family::fedora, 4100, "", false},
        Known{"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n", Family::rhel, 904, "", false},
        Known{"ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\n", Family::rhel, 700, "", false},
        Known{"ID=\"ol\"\nID_LIKE=fedora\nVERSION_ID=\"9.3\"\n", Family::rhel, 903, "", true},
        Known{"ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\nVERSION_ID=15.6\n", Family::suse, 1506, "", false},
        Known{"ID=opensuse-tumbleweed\nID_LIKE=\"opensuse suse\"\nVERSION_ID=20260101\n", Family::suse, 0, "", false},
        Known{"ID=arch\n", Family::arch, 0, "", false},
        Known{"ID=manjaro\nID_LIKE=arch\n", Family::arch, 0, "", true},
        Known{"ID=alpine\nVERSION_ID=3.20.0\n", Family::alpine, 320, "", false}));

class RefusedDistributions : public ::testing::TestWithParam<const char*> {};

TEST_P(RefusedDistributions, AreNamedWithWhatIsSupported)
{
    const auto distribution = read_distribution(GetParam());
    ASSERT_FALSE(distribution);
    EXPECT_EQ(distribution.error().code, ErrorCode::refused);
    EXPECT_NE(distribution.error().hint.find("Debian 11 to 13 and Ubuntu 18.04 to 25.10"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    OsRelease,
    RefusedDistributions,
    ::testing::Values("ID=void\n",
                      "ID=debian\nVERSION_ID=\"9\"\nVERSION_CODENAME=stretch\n",
                      "ID=ubuntu\nID_LIKE=debian\nVERSION_ID=\"12.04\"\nVERSION_CODENAME=precise\n",
                      "ID=rhel\nVERSION_ID=\"6.9\"\n",
                      "ID=\"sles\"\nID_LIKE=\"suse\"\nVERSION_ID=\"12.5\"\n",
                      "",
                      "\n=\n=x\nID\n"));

TEST(Distribution, IsOfTheFirstTierOnlyIfItIsOneOfThoseThatWereRun)
{
    const auto tier = [](const char* os_release) { return read_distribution(os_release)->tier; };
    EXPECT_EQ(tier("ID=debian\nVERSION_ID=12\nVERSION_CODENAME=bookworm\n"), Tier::first);
    EXPECT_EQ(tier("ID=rocky\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=9.4\n"), Tier::first);
    EXPECT_EQ(tier("ID=linuxmint\nID_LIKE=ubuntu\nVERSION_ID=21.3\nUBUNTU_CODENAME=jammy\n"), Tier::second);
    EXPECT_EQ(tier("ID=debian\nVERSION_ID=14\nVERSION_CODENAME=forky\n"), Tier::second);
    EXPECT_EQ(tier("ID=rhel\nVERSION_ID=11.0\n"), Tier::second);
    EXPECT_EQ(tier("ID=amzn\nID_LIKE=fedora\nVERSION_ID=2023\n"), Tier::second);
    EXPECT_EQ(tier("ID=linuxmint\nID_LIKE=ubuntu\nVERSION_ID=18\nUBUNTU_CODENAME=xenial\n"), Tier::third);
    EXPECT_EQ(tier("ID=sle-micro\nID_LIKE=suse\nVERSION_ID=5.5\n"), Tier::second);
}

TEST(Distribution, HasANameThatATerminalMayShow)
{
    const auto named =
        read_distribution("ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"\x1b[31mDeb\x1b]0;x\x07ian\r\"\n");
    ASSERT_TRUE(named);
    EXPECT_EQ(named->name.find_first_of("\x1b\x07\r"), std::string::npos) << named->name;
}

TEST(Distribution, RefusalSaysWhatWasRead)
{
    const auto refused = read_distribution("ID=slackware\nVERSION_ID=15.0\nPRETTY_NAME=\"Slackware\"\n");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message,
              "cannot set up host 'Slackware': this distribution is not known here (ID=slackware ID_LIKE= "
              "VERSION_ID=15.0)");
}

TEST(Distribution, FileWithoutAnIdIsNamed)
{
    const testing::TemporaryFolder folder;
    const auto root = Root::open(folder.path());
    ASSERT_TRUE(root);
    for (const std::string file : {"usr/lib/os-release", "etc/os-release"}) {
        folder.write(file, "PRETTY_NAME=Something\n");
        const auto refused = detect_distribution(*root);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::refused);
        EXPECT_EQ(refused.error().message, "cannot tell distribution: '/" + file + "' names no ID");
    }
    folder.write("etc/os-release", "ID_LIKE=debian\nDEBIAN_CODENAME=bookworm\n");
    EXPECT_TRUE(detect_distribution(*root));
}

TEST(Distribution, QuotesAndBackslashesAreTakenOff)
{
    const auto read = read_distribution("ID='debian'\nVERSION_ID=12\nPRETTY_NAME=\"A \\\"quoted\\\" name\"\n");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->name, "A \"quoted\" name");
}

TEST(Distribution, IsFoundInEitherPlace)
{
    const testing::TemporaryFolder folder;
    const auto root = Root::open(folder.path());
    ASSERT_TRUE(root);
    ASSERT_FALSE(detect_distribution(*root));
    EXPECT_EQ(detect_distribution(*root).error().code, ErrorCode::refused);
    folder.write("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n");
    EXPECT_EQ(detect_distribution(*root)->release, 1200U);
    folder.write("etc/os-release", "ID=debian\nVERSION_ID=11\n");
    EXPECT_EQ(detect_distribution(*root)->release, 1100U);
}

}  // namespace
}  // namespace kvmkit::setup
