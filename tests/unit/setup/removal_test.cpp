// SPDX-License-Identifier: Apache-2.0
#include "setup/apt.hpp"
#include "setup/arrivals.hpp"
#include "setup/dpkg_query.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"
#include "txn/places.hpp"

#include <fstream>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

using testing::FakeRunner;
using How = Arrival::How;

const std::string apt_get =
    "apt-get -y -q -oDpkg::Options::=--force-confdef -oDpkg::Options::=--force-confold -oDpkg::Use-Pty=0 "
    "-oDPkg::Lock::Timeout=600 ";
const std::string no_more = "-oAPT::Get::AutomaticRemove=false -oAPT::Get::Purge=false ";

std::string query_of(const std::string& names)
{
    return shell_line({"dpkg-query", "--show", query_format}) + " " + names;
}

PackageTable table(std::vector<Package> packages)
{
    return PackageTable::of(std::move(packages), "amd64");
}

TEST(Arrivals, AreWhatAptWasToldToBringAndDpkgHasNow)
{
    const auto before = table({{"old", "amd64", "1", "installed"},
                               {"same", "amd64", "1", "installed"},
                               {"rest", "all", "1", "config-files"},
                               {"half", "all", "2", "unpacked"}});
    const auto after = table({{"old", "amd64", "2", "installed"},
                              {"same", "amd64", "1", "installed"},
                              {"rest", "all", "2", "installed"},
                              {"half", "all", "2", "installed"},
                              {"new", "amd64", "2", "installed"},
                              {"new", "i386", "2", "installed"},
                              {"gone", "all", "2", "config-files"},
                              {"others", "all", "2", "installed"}});
    Expected expected;
    expected.take(Price{.install = {{"old", "2"}, {"rest", "2"}, {"new:i386", "2"}, {"gone", "2"}, {"half", "2"}}});
    expected.take(std::vector<Step>{InstallPackages{{"new", "same"}}, RefreshLists{}});
    std::vector<std::string> found;
    for (const Arrival& arrival : arrivals_between(before, after, expected)) {
        found.push_back(arrival.name + "=" + arrival.version + std::to_string(static_cast<int>(arrival.how)));
    }
    EXPECT_EQ(found, (std::vector<std::string>{"new=20", "new:i386=20", "old=22", "rest=21"}))
        << "what others brought meanwhile, and what was there in the middle of something, is not ours";
}

TEST(Arrivals, LieBesideTheJournal)
{
    const testing::TemporaryFolder folder;
    const txn::Places places{folder.path() / "state", folder.path() / "run"};
    const auto journal = txn::Journal::begin(places, {"host-setup", "host-setup apply"});
    ASSERT_TRUE(journal);
    auto kept = kept_arrivals(journal->record());
    EXPECT_TRUE(kept && !*kept) << "none was written";
    Host host;
    host.packages = table({{"new", "all", "2", "installed"}});
    host.distribution.installer = Installer::dnf;
    ASSERT_TRUE(keep_arrivals(*journal, {{"new"}}, table({}), host));
    EXPECT_FALSE(*kept_arrivals(journal->record())) << "dnf's have an inverse";
    host.distribution.installer = Installer::apt;
    ASSERT_TRUE(keep_arrivals(*journal, {{"new"}}, table({}), host));
    kept = kept_arrivals(journal->record());
    ASSERT_TRUE(kept && *kept);
    ASSERT_EQ((*kept)->size(), 1U);
    EXPECT_EQ((*kept)->front().name + (*kept)->front().version, "new2");
    EXPECT_EQ((*kept)->front().how, How::added);
    for (const char* damaged : {"", "{}", "[]", R"({"packages":[7]})", R"({"packages":[{"name":"a","how":"?"}]})"}) {
        std::ofstream{journal->record().directory / "packages.json"} << damaged;
        EXPECT_FALSE(kept_arrivals(journal->record())) << damaged;
    }
}

TEST(DpkgQuery, TellsStatesAndSettings)
{
    const auto found = read_query(
        "vlan all installed\n"
        " /etc/a b 9e107d9d372bb6826bd81d3542a419d6 obsolete\n"
        " /etc/c e4d909c290d0fb1ca068ffaddf22cbd0\n"
        "\n"
        "libfoo i386 config-files\n\n");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_TRUE(found[0].is("vlan") && found[0].there() && !found[1].there());
    EXPECT_TRUE(found[1].is("libfoo:i386") && found[1].is("libfoo") && !found[1].is("libfoo:amd64"));
    ASSERT_EQ(found[0].settings.size(), 2U);
    EXPECT_EQ(found[0].settings[0].path, "/etc/a b");
    EXPECT_EQ(edited_settings(found[0],
                              "9e107d9d372bb6826bd81d3542a419d6  /etc/a b\n"
                              "00000000000000000000000000000000  /etc/c\n"),
              std::vector<std::string>{"/etc/c"});
    EXPECT_TRUE(edited_settings(found[0], "").empty()) << "what was deleted has nothing to lose";
}

TEST(AptRemoval, NamesWhatWouldGoOrComeForIt)
{
    FakeRunner runner;
    runner.answer(query_of("vlan gone"), {1, "vlan all installed\n\n", "no packages found matching gone"});
    runner.answer(apt_get + "-s " + no_more + "remove vlan", {0, "Remv extra [1]\nRemv vlan [2]\n", ""});
    const auto more = Apt{runner, {}}.check_removal({"vlan", "gone"});
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().message, "extra would have to go, too");
    EXPECT_EQ(more.error().hint,
              "remove that first, if nobody wants it: apt-get remove extra; or leave out --packages");

    FakeRunner other;
    other.answer(query_of("vlan"), {0, "vlan all installed\n\n", ""});
    other.answer(apt_get + "-s " + no_more + "remove vlan", {0, "Remv vlan [2]\nInst vlan2 (1 D [all])\n", ""});
    const auto instead = Apt{other, {}}.check_removal({"vlan"});
    ASSERT_FALSE(instead);
    EXPECT_EQ(instead.error().message, "apt would bring vlan2 in their place");
}

TEST(AptRemoval, EndsWhatWasCutOffAndRemovesNoMoreThanIsThere)
{
    FakeRunner runner;
    runner.answer("dpkg --force-confdef --force-confold --configure -a", {1, "", "dpkg: somebody else's"});
    runner.answer(query_of("vlan gone"), {0, "gone all config-files\n\nvlan all half-installed\n\n", ""});
    runner.answer(apt_get + "-s " + no_more + "remove vlan", {0, "Remv vlan [2]\n", ""});
    runner.answer(apt_get + no_more + "remove vlan", {100, "", "prerm: no"});
    const auto failed = Apt{runner, {}}.remove({"vlan", "gone"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().message, "cannot remove packages: apt-get ended with 100:\nprerm: no");

    FakeRunner nothing;
    nothing.answer("dpkg --force-confdef --force-confold --configure -a", {0, "", ""});
    nothing.answer(query_of("gone"), {0, "gone all config-files\n\n", ""});
    EXPECT_TRUE((Apt{nothing, {}}.remove({"gone"})));
}

TEST(AptRemoval, PurgesOnlyWhatIsGoneAndNobodyEdited)
{
    FakeRunner runner;
    runner.answer(query_of("back edited plain bare"),
                  {0,
                   "back all installed\n\nbare all config-files\n\n"
                   "edited all config-files\n /etc/e e4d909c290d0fb1ca068ffaddf22cbd0\n\n"
                   "plain all config-files\n /etc/p 9e107d9d372bb6826bd81d3542a419d6\n\n",
                   ""});
    runner.answer("md5sum -- /etc/e", {0, "00000000000000000000000000000000  /etc/e\n", ""});
    runner.answer("md5sum -- /etc/p", {0, "9e107d9d372bb6826bd81d3542a419d6  /etc/p\n", ""});
    runner.answer(apt_get + "-oAPT::Get::AutomaticRemove=false purge plain bare", {0, "", ""});
    Apt apt{runner, {}};
    EXPECT_TRUE(apt.purge({"back", "edited", "plain", "bare"}));
    const auto edited = apt.edited_files({"back", "edited", "plain", "bare"});
    EXPECT_TRUE(edited && *edited == std::vector<std::string>{"/etc/e"});
}

TEST(RemovePackagesStep, KeepsItsFieldsInTheJournal)
{
    const auto step = decode(encode(RemovePackages{{"a", "b"}, {"a"}, true}));
    ASSERT_TRUE(step);
    const auto& removal = std::get<RemovePackages>(*step);
    EXPECT_EQ(removal.names, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(removal.purge, std::vector<std::string>{"a"});
    EXPECT_TRUE(removal.spares_vms);
    const auto plain = decode(R"({"kind":"remove-packages","names":["a"]})");
    EXPECT_TRUE(plain && !std::get<RemovePackages>(*plain).spares_vms) << "of an earlier version";
}

}  // namespace
}  // namespace kvmkit::setup
