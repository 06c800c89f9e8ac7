// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/pacman_switch.hpp"
#include "setup/sources/release_mark.hpp"
#include "setup/sources/repo_proof.hpp"
#include "setup/sources/repo_switch.hpp"
#include "setup/sources/used.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

const Distribution rocky{"rocky", "9.4", "Rocky Linux 9.4", "", Family::rhel, 904, {}, Tier::first, Installer::dnf};
const Distribution stream{"centos", "9", "CentOS Stream 9", "", Family::rhel, 900, {}, Tier::first, Installer::dnf};
const Distribution fedora{"fedora", "41", "Fedora 41", "", Family::fedora, 4100, {}, Tier::first, Installer::dnf};
const Distribution leap{
    "opensuse-leap", "15.6", "openSUSE Leap 15.6", "", Family::suse, 1506, {}, Tier::second, Installer::zypper};
const Distribution arch{"arch", "", "Arch Linux", "", Family::arch, 0, {}, Tier::second, Installer::pacman};
const Distribution rhel{"rhel", "9.4", "RHEL 9.4", "", Family::rhel, 904, {}, Tier::first, Installer::dnf};

const MirrorCatalogue& catalogue()
{
    static const auto read = read_mirrors(
        R"({"mirrors": [{"name": "m", "where": "here", "rocky": "http://m/rocky", "opensuse": "http://m/opensuse"}]})",
        "m");
    return *read;
}

RepoFile file_of(const std::string& text)
{
    return {"etc/yum.repos.d/a.repo", text, read_settings(SettingsDialect::repo, text)};
}

SwitchPlan planned(const Distribution& distribution, const std::string& text, const SwitchWish& wish)
{
    return plan_repo_switch({file_of(text)}, RepositoryOwner{distribution, catalogue()}, {}, wish);
}

/// A file after a switch.
std::string switched(const Distribution& distribution, const std::string& text, const SwitchWish& wish)
{
    const auto plan = planned(distribution, text, wish);
    return plan.files.empty() ? text : plan.files.front().text;
}

TEST(SettingsFileTest, ReadsSectionsWithLongValuesAndComments)
{
    const std::string text =
        "; head\n[base os]\nname = Base # not a comment\nbaseurl=http://a/\n  http://b/\n# "
        "between\n\tenabled=0\n\n[two]\nname=x";
    const auto read = read_settings(SettingsDialect::repo, text);
    ASSERT_TRUE(read.malformed.empty());
    ASSERT_EQ(read.sections.size(), 2U);
    const SettingsSection& first = read.sections.front();
    EXPECT_EQ(first.id, "base os");
    EXPECT_EQ(first.line, 2U);
    EXPECT_EQ(first.value("name"), "Base # not a comment");
    EXPECT_EQ(first.value("baseurl"), "http://a/\nhttp://b/");
    EXPECT_EQ(first.value("enabled"), "0") << "a comment ends a longer value";
    EXPECT_EQ(text.substr(first.find("baseurl")->value_begin, 9), "http://a/");
    EXPECT_EQ(text.substr(first.begin, first.body - first.begin), "[base os]\n");
    EXPECT_EQ(text.substr(first.end), "[two]\nname=x");
    EXPECT_EQ(read.find("two")->value("name"), "x");
    EXPECT_EQ(read.find("three"), nullptr);
}

TEST(SettingsFileTest, NamesTheLineThatCannotBeRead)
{
    const auto read = read_settings(SettingsDialect::repo, "a=b\n[x\n[y]\nnonsense\n");
    ASSERT_EQ(read.malformed.size(), 3U);
    EXPECT_EQ(read.malformed[0].cause, "it stands in no section");
    EXPECT_EQ(read.malformed[1].cause, "the section's name has no end");
    EXPECT_EQ(read.malformed[2].cause, "it is no setting");
    EXPECT_EQ(read.malformed[2].line, 4U);
    EXPECT_TRUE(read_settings(SettingsDialect::pacman, "Server = x\n[options]\nColor\n").malformed.empty());
}

TEST(SettingsFileTest, MakesCommentsOfAllLinesOfASetting)
{
    const std::string text = "[a]\nbaseurl=http://a/\n http://b/\nname=x\n";
    const auto read = read_settings(SettingsDialect::repo, text);
    std::vector<SourceEdit> edits;
    comment_out(text, *read.sections.front().find("baseurl"), edits);
    EXPECT_EQ(with_edits(text, edits), "[a]\n#baseurl=http://a/\n# http://b/\nname=x\n");
}

TEST(RepoSwitchTest, ListsOfMirrorsBecomeCommentsAndNothingElseChanges)
{
    const std::string text =
        "# caf\xe9\n[baseos]\nname=Base\nmirrorlist=https://mirrors.rockylinux.org/mirrorlist?repo=BaseOS-9\n"
        "#baseurl=http://dl.rockylinux.org/$contentdir/$releasever/BaseOS/$basearch/os/\ngpgcheck=1\n\n"
        "[crb]\nmirrorlist=https://mirrors.rockylinux.org/mirrorlist?repo=CRB-9\nenabled = 0\n\n"
        "[epel]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=epel-9\ngpgcheck=1\n";
    EXPECT_EQ(switched(rocky, text, {"http://n/r/"}),
              "# caf\xe9\n[baseos]\nname=Base\n#mirrorlist=https://mirrors.rockylinux.org/mirrorlist?repo=BaseOS-9\n"
              "baseurl=http://n/r/$releasever/BaseOS/$basearch/os/\n"
              "#baseurl=http://dl.rockylinux.org/$contentdir/$releasever/BaseOS/$basearch/os/\ngpgcheck=1\n\n"
              "[crb]\nmirrorlist=https://mirrors.rockylinux.org/mirrorlist?repo=CRB-9\nenabled = 0\n\n"
              "[epel]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=epel-9\ngpgcheck=1\n");
    const auto plan = planned(rocky, text, {"http://n/r/"});
    EXPECT_EQ(plan.entries, 1U);
    ASSERT_EQ(plan.notes.size(), 1U);
    EXPECT_EQ(plan.notes.front(),
              "/etc/yum.repos.d/a.repo line 12: repository epel is none of the distribution's that mirrors are known "
              "to have; it is left as it is");
    EXPECT_EQ(plan.to_prove.front().text.find("[epel]"), std::string::npos);
    EXPECT_EQ(plan.to_prove.front().text.find("[crb]"), std::string::npos);
    EXPECT_NE(plan.to_prove.front().text.find("gpgcheck=1"), std::string::npos) << "checks stay on for the proof";
}

TEST(RepoSwitchTest, AnAddressIsReplacedInPlaceAndASecondTimeNothingIs)
{
    const std::string text =
        "[appstream]\nbaseurl = http://m/rocky/$releasever/AppStream/$basearch/os/\n http://b/\nname=x\n"
        "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9";
    const auto once = switched(rocky, text, {"http://n/"});
    EXPECT_EQ(once,
              "[appstream]\nbaseurl = http://n/$releasever/AppStream/$basearch/os/\n# http://b/\nname=x\n"
              "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9");
    EXPECT_EQ(switched(rocky, once, {"http://n/"}), once);
    EXPECT_TRUE(planned(rocky, once, {"http://n/"}).files.empty());
}

TEST(RepoSwitchTest, WhatWasTheDistributionsBeforeOurFirstChangeStillIs)
{
    const std::string moved = "[baseos]\nbaseurl=http://unknown/$releasever/BaseOS/$basearch/os/\n";
    OriginalSources original;
    original.files.push_back(
        {.path = "etc/yum.repos.d/a.repo", .bytes = "[baseos]\nmirrorlist=https://mirrors.rockylinux.org/x\n"});
    const RepositoryOwner owner{rocky, catalogue()};
    EXPECT_EQ(plan_repo_switch({file_of(moved)}, owner, {}, {"http://n/"}).entries, 0U);
    const auto plan = plan_repo_switch({file_of(moved)}, owner, original, {"http://n/"});
    ASSERT_EQ(plan.files.size(), 1U);
    EXPECT_EQ(plan.files.front().text, "[baseos]\nbaseurl=http://n/$releasever/BaseOS/$basearch/os/\n");
}

TEST(RepoSwitchTest, SecurityUpdatesStayUnlessTheyAreAskedFor)
{
    const std::string text =
        "[updates]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=updates-released-f41\n";
    EXPECT_EQ(switched(fedora, text, {"http://n/f/"}), text);
    EXPECT_NE(planned(fedora, text, {"http://n/f/"}).notes.front().find("brings security updates"), std::string::npos);
    EXPECT_NE(switched(fedora, text, {"http://n/f/", "http://n/f/"})
                  .find("baseurl=http://n/f/updates/$releasever/Everything/$basearch/\n"),
              std::string::npos);
}

TEST(RepoSwitchTest, ARepositoryOfAServiceIsLeftToIt)
{
    const std::string text =
        "[openSUSE:repo-oss]\nbaseurl=http://cdn.opensuse.org/distribution/leap/15.6/repo/oss\n"
        "service=openSUSE\n";
    const auto plan = planned(leap, text, {"http://n/"});
    EXPECT_TRUE(plan.files.empty());
    EXPECT_NE(plan.notes.front().find("is written by service openSUSE"), std::string::npos);
}

TEST(RepositoryOwnerTest, TellsThePlaceOfEachVendorsRepositories)
{
    const auto place = [](const Distribution& distribution, const std::string& text) {
        const auto read = read_settings(SettingsDialect::repo, text);
        const auto found = RepositoryOwner{distribution, catalogue()}.place_of(read.sections.front());
        return found ? found->path : std::string{"foreign"};
    };
    EXPECT_EQ(place(stream, "[baseos]\nmetalink=https://mirrors.centos.org/metalink?repo=centos-baseos-$stream\n"),
              "$releasever-stream/BaseOS/$basearch/os/");
    EXPECT_EQ(place(fedora, "[fedora]\nmetalink=https://mirrors.fedoraproject.org/metalink?repo=fedora-41\n"),
              "releases/$releasever/Everything/$basearch/os/");
    EXPECT_EQ(place(leap, "[my-own-name]\nbaseurl=http://download.opensuse.org/update/leap/$releasever/sle\n"),
              "update/leap/$releasever/sle/");
    EXPECT_EQ(place(leap, "[a]\nbaseurl=http://m/opensuse/distribution/leap/15.6/repo/oss/\n"),
              "distribution/leap/15.6/repo/oss/");
    EXPECT_EQ(place(leap, "[v]\nbaseurl=https://download.opensuse.org/repositories/Virtualization/15.6/\n"), "foreign");
    EXPECT_EQ(place(leap, "[a]\nbaseurl=http://packman.example/suse/distribution/leap/15.6/\n"), "foreign");
    EXPECT_EQ(place(rocky, "[baseos]\nbaseurl=http://evil-rockylinux.org/9/BaseOS/x86_64/os/\n"), "foreign");
    EXPECT_EQ(place(rocky, "[extras]\nbaseurl=http://third.example/extras/\ngpgkey=file:///etc/pki/third\n"),
              "foreign");
    EXPECT_EQ(place(rocky, "[baseos]\nname=nothing else\n"), "foreign");
    EXPECT_EQ(place(rhel, "[baseos]\nbaseurl=https://cdn.redhat.com/x\n"), "foreign");
}

TEST(ReleaseMarkTest, NamesAFileThatEveryMirrorOfTheReleaseHas)
{
    EXPECT_EQ(release_mark(rocky, "x86_64").files.front(), "9/BaseOS/x86_64/os/repodata/repomd.xml");
    EXPECT_EQ(release_mark(rocky, "x86_64").name, "9");
    EXPECT_EQ(release_mark(stream, "aarch64").files.front(), "9-stream/BaseOS/aarch64/os/repodata/repomd.xml");
    EXPECT_EQ(release_mark(fedora, "x86_64").files.front(), "releases/41/Everything/x86_64/os/repodata/repomd.xml");
    EXPECT_EQ(release_mark(leap, "x86_64").files.front(), "distribution/leap/15.6/repo/oss/repodata/repomd.xml");
    EXPECT_EQ(release_mark(arch, "x86_64").files.front(), "core/os/x86_64/core.db");
    const Distribution eight{"centos", "8", "CentOS Linux 8", "", Family::rhel, 800, {}, Tier::first, Installer::dnf};
    EXPECT_EQ(release_mark(eight, "x86_64").files.front(), "8/BaseOS/x86_64/os/repodata/repomd.xml");
    EXPECT_TRUE(repository_archive(rhel).empty()) << "its repositories are for subscribers";
}

TEST(RepositoryFailureTest, TellsTheDeepestCause)
{
    const auto unreachable = read_repository_failure(
        "Errors during downloading metadata for repository 'baseos':\n  - Curl error (6): Couldn't resolve host name "
        "for "
        "http://h/repodata/repomd.xml [Could not resolve host: h]\nError: Failed to download metadata for repo "
        "'baseos'\n");
    ASSERT_TRUE(unreachable);
    EXPECT_EQ(unreachable->cause, "its name cannot be resolved");
    EXPECT_EQ(read_repository_failure("error: core: signature from \"x\" is unknown trust")->cause,
              "its signature is wrong, or by a key that this host does not trust");
    EXPECT_FALSE(read_repository_failure("Metadata cache created.\n"));
}

class PacmanSwitchTest : public ::testing::Test {
protected:
    PacmanSources sources(const std::string& conf, const std::string& list)
    {
        folder_.write("etc/pacman.conf", conf);
        folder_.write("etc/pacman.d/mirrorlist", list);
        auto read = read_pacman_sources(*Root::open(folder_.path()));
        EXPECT_TRUE(read) << read.error().message;
        return std::move(*read);
    }

    testing::TemporaryFolder folder_;
};

TEST_F(PacmanSwitchTest, TheServerIsPutBeforeTheOthersOfTheList)
{
    const auto here = sources(
        "[options]\nColor\n[core]\nInclude = /etc/pacman.d/mirrorlist\n[extra]\nSigLevel = Required\n"
        "Include = /etc/pacman.d/mirrorlist\n[aur]\nServer = http://aur/$arch\n",
        "## old\n#Server = http://x/$repo/os/$arch\nServer = http://a/$repo/os/$arch\n");
    EXPECT_EQ(pacman_archives(here), std::vector<std::string>{"http://a/"});
    const auto plan = plan_pacman_switch(here, {"http://n/arch/"});
    ASSERT_EQ(plan.files.size(), 1U);
    EXPECT_EQ(plan.files.front().text,
              "## old\n#Server = http://x/$repo/os/$arch\n# host-setup mirror use wrote the next line\n"
              "Server = http://n/arch/$repo/os/$arch\nServer = http://a/$repo/os/$arch\n");
    EXPECT_EQ(plan.to_prove.front().text,
              "[options]\nColor\n\n[core]\nServer = http://n/arch/$repo/os/$arch\n"
              "[extra]\nSigLevel = Required\nServer = http://n/arch/$repo/os/$arch\n");
    ASSERT_EQ(plan.notes.size(), 1U);
    EXPECT_NE(plan.notes.front().find("repository aur is not known"), std::string::npos);
    EXPECT_EQ(plan.entries, 2U);
}

TEST_F(PacmanSwitchTest, WhatWeWroteBeforeIsReplaced)
{
    const std::string conf = "[core]\nInclude = /etc/pacman.d/mirrorlist\n";
    const auto once = plan_pacman_switch(sources(conf, "# all are comments"), {"http://n/"}).files.front().text;
    EXPECT_EQ(once,
              "# host-setup mirror use wrote the next line\nServer = http://n/$repo/os/$arch\n# all are comments");
    const auto twice = plan_pacman_switch(sources(conf, once), {"http://o/"});
    EXPECT_EQ(twice.files.front().text,
              "# host-setup mirror use wrote the next line\nServer = http://o/$repo/os/$arch\n# all are comments");
    EXPECT_TRUE(plan_pacman_switch(sources(conf, once), {"http://n/"}).files.empty());
}

TEST_F(PacmanSwitchTest, AListThatServesOthersIsLeftAsItIs)
{
    const auto here = sources(
        "[core]\nInclude = /etc/pacman.d/mirrorlist\n[mine]\nInclude = /etc/pacman.d/mirrorlist\n"
        "[extra]\nServer = http://a/$repo/os/$arch\n",
        "Server = http://a/$repo/os/$arch\n");
    const auto plan = plan_pacman_switch(here, {"http://n/"});
    ASSERT_EQ(plan.files.size(), 1U);
    EXPECT_EQ(plan.files.front().path, "etc/pacman.conf");
    EXPECT_EQ(plan.files.front().text,
              "[core]\n# host-setup mirror use wrote the next line\nServer = http://n/$repo/os/$arch\n"
              "Include = /etc/pacman.d/mirrorlist\n[mine]\nInclude = /etc/pacman.d/mirrorlist\n"
              "[extra]\n# host-setup mirror use wrote the next line\nServer = http://n/$repo/os/$arch\n"
              "Server = http://a/$repo/os/$arch\n");
}

TEST_F(PacmanSwitchTest, SaysWhatIsMissingOrCannotBeRead)
{
    EXPECT_EQ(read_pacman_sources(*Root::open(folder_.path())).error().message,
              "cannot read repositories: there is no '/etc/pacman.conf'");
    folder_.write("etc/pacman.conf", "[core]\nInclude = /etc/pacman.d/gone\n");
    EXPECT_EQ(read_pacman_sources(*Root::open(folder_.path())).error().message,
              "cannot read repositories: there is no '/etc/pacman.d/gone'");
    folder_.write("etc/pacman.conf", "[core\n");
    EXPECT_EQ(read_pacman_sources(*Root::open(folder_.path())).error().code, ErrorCode::usage);
}

TEST_F(PacmanSwitchTest, ArchivesInUseAreThoseOfTheDistributionsOwnRepositories)
{
    folder_.write("etc/yum.repos.d/a.repo",
                  "[baseos]\nbaseurl=http://m/rocky/$releasever/BaseOS/$basearch/os\n"
                  "  http://dl.rockylinux.org/pub/rocky/$releasever/BaseOS/$basearch/os/\n"
                  "[appstream]\nmirrorlist=https://mirrors.rockylinux.org/x\n[other]\nbaseurl=http://o/\n");
    const auto used = archives_in_use(*Root::open(folder_.path()), rocky, catalogue());
    ASSERT_TRUE(used);
    EXPECT_EQ(*used, (std::vector<std::string>{"http://m/rocky/", "http://dl.rockylinux.org/pub/rocky/"}));
}

}  // namespace
}  // namespace kvmkit::setup
