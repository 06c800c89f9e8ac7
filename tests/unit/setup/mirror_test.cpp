// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/mirror.hpp"

#include "setup/sources/fetch.hpp"
#include "setup/sources/host_sources.hpp"
#include "setup/sources/update_failure.hpp"
#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

const Distribution bookworm{"debian", "12", "Debian 12", "bookworm", Family::debian, 1200};
const Distribution noble{"ubuntu", "24.04", "Ubuntu 24.04", "noble", Family::ubuntu, 2404};

class MirrorTest : public ::testing::Test {
protected:
    Root root() { return *Root::open(folder_.path()); }

    testing::TemporaryFolder folder_;
};

TEST_F(MirrorTest, KnowsWellKnownMirrorsOfEachKind)
{
    const auto catalogue = load_mirrors(root(), "/nowhere/mirrors.json");
    ASSERT_TRUE(catalogue) << catalogue.error().message;
    std::set<std::string> names;
    for (const Mirror& mirror : catalogue->mirrors) {
        EXPECT_TRUE(names.insert(mirror.name).second) << mirror.name << " is there twice";
        EXPECT_FALSE(mirror.where.empty());
        EXPECT_FALSE(mirror.archives.empty());
    }
    for (const auto* name : {"163", "aliyun", "tuna", "ustc", "huaweicloud", "tencent"}) {
        ASSERT_NE(catalogue->find(name), nullptr) << name;
        EXPECT_FALSE(catalogue->find(name)->archive("ubuntu").empty()) << name;
    }
    EXPECT_TRUE(catalogue->serves("http://mirrors.aliyun.com/debian"));
    EXPECT_FALSE(catalogue->serves("http://mirrors.aliyun.com/docker-ce"));
}

TEST_F(MirrorTest, TakesTheHostsOwnBeforeWhatCameWithTheProgram)
{
    folder_.write("etc/kvmkit/mirrors.json",
                  R"({"mirrors": [{"name": "163", "where": "here", "debian": "http://own.example/debian"}]})");
    const auto catalogue = load_mirrors(root(), "/nowhere/mirrors.json");
    ASSERT_TRUE(catalogue);
    EXPECT_EQ(catalogue->find("163")->archive("debian"), "http://own.example/debian/");
    EXPECT_NE(catalogue->find("tuna"), nullptr);
}

TEST_F(MirrorTest, SaysWhatIsWrongWithACatalogue)
{
    EXPECT_EQ(read_mirrors("{", "/a").error().message, "cannot read catalogue '/a': it is no JSON");
    EXPECT_EQ(read_mirrors("{}", "/a").error().message, "cannot read catalogue '/a': it has no list 'mirrors'");
    EXPECT_EQ(read_mirrors(R"({"mirrors": [1]})", "/a").error().message,
              "cannot read catalogue '/a': a mirror is no object");
    EXPECT_EQ(read_mirrors(R"({"mirrors": [{"name": "a/b"}]})", "/a").error().message,
              "cannot read catalogue '/a': 'a/b' is no name of a mirror");
    EXPECT_FALSE(read_mirrors(R"({"mirrors": [{"name": "a", "debian": "ftp://h/"}]})", "/a"));
}

TEST_F(MirrorTest, TakesOnlyWhatCanStandInASourcesFile)
{
    EXPECT_EQ(*parse_archive_uri("http://h/debian//"), "http://h/debian/");
    for (const auto* text :
         {"ftp://h/debian", "h", "http://", "http:///x", "http://h/a b", "http://h/\nx", "http://h/[a"}) {
        EXPECT_FALSE(parse_archive_uri(text)) << text;
    }
}

TEST_F(MirrorTest, TellsWhichSuitesAreTheReleases)
{
    EXPECT_EQ(part_of_suite("bookworm-updates", bookworm), SuitePart::base);
    EXPECT_EQ(part_of_suite("bookworm-backports", bookworm), SuitePart::base);
    EXPECT_EQ(part_of_suite("bookworm-security", bookworm), SuitePart::security);
    EXPECT_EQ(part_of_suite("bookworm/updates", bookworm), SuitePart::security);
    EXPECT_EQ(part_of_suite("bookworm-proposed-updates", bookworm), SuitePart::proposed);
    EXPECT_EQ(part_of_suite("noble-proposed", noble), SuitePart::proposed);
    EXPECT_EQ(part_of_suite("bookworm-pgdg", bookworm), SuitePart::foreign);
    EXPECT_EQ(part_of_suite("trixie", bookworm), SuitePart::foreign);
}

TEST_F(MirrorTest, KnowsTheDistributionsEntriesFromThirdParties)
{
    folder_.write("var/lib/apt/lists/own.example_debian_dists_bookworm_InRelease",
                  "-----BEGIN PGP SIGNED MESSAGE-----\n\nOrigin: Debian\nSuite: stable\nSHA256:\n");
    folder_.write("var/lib/apt/lists/ppa.example_x_ubuntu_dists_noble_InRelease", "Origin: LP-PPA-x\n");
    const auto here = root();
    const auto catalogue = load_mirrors(here, "");
    const auto is = [&](const Distribution& distribution, const std::string& line) {
        const auto read = read_source_entries(SourceFormat::one_line, line + "\n");
        return SourceOwner{here, distribution, *catalogue}.is_distributions(read.entries.at(0));
    };
    EXPECT_TRUE(is(bookworm, "deb http://own.example/debian/ bookworm main")) << "its Release file said so";
    EXPECT_TRUE(is(bookworm, "deb http://ftp.xx.debian.org/debian bookworm main"));
    EXPECT_TRUE(is(bookworm, "deb http://mirrors.tuna.tsinghua.edu.cn/debian bookworm main"));
    EXPECT_TRUE(
        is(bookworm, "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://q/d bookworm main"));
    EXPECT_FALSE(is(bookworm, "deb http://own.example/other bookworm main"));
    EXPECT_FALSE(is(noble, "deb http://ppa.example/x/ubuntu noble main"));
    EXPECT_FALSE(is(noble, "deb [signed-by=/etc/apt/keyrings/docker.gpg] http://d/linux/ubuntu noble stable"));
    EXPECT_FALSE(is(noble, "deb http://evil-ubuntu.com/ubuntu noble main"));
}

TEST_F(MirrorTest, LeavesTheVendorsOtherArchivesAlone)
{
    folder_.write("var/lib/apt/lists/ddebs.ubuntu.com_dists_noble_InRelease", "Origin: Ubuntu\nSHA256:\n");
    const auto here = root();
    const auto catalogue = load_mirrors(here, "");
    const auto is = [&](const Distribution& distribution, const std::string& line) {
        const auto read = read_source_entries(SourceFormat::one_line, line + "\n");
        return SourceOwner{here, distribution, *catalogue}.is_distributions(read.entries.at(0));
    };
    for (const auto* host : {"archive", "de.archive", "security", "ports", "old-releases"}) {
        EXPECT_TRUE(is(noble, fmt::format("deb http://{}.ubuntu.com/ubuntu noble main", host))) << host;
    }
    EXPECT_FALSE(is(noble, "deb http://ddebs.ubuntu.com/ noble main")) << "no mirror has debug symbols";
    EXPECT_FALSE(is(noble, "deb https://esm.ubuntu.com/infra/ubuntu noble main"));
    for (const auto* host : {"debug.mirrors", "incoming", "snapshot"}) {
        EXPECT_FALSE(is(bookworm,
                        fmt::format("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
                                    "http://{}.debian.org/debian bookworm main",
                                    host)))
            << host;
    }
}

TEST_F(MirrorTest, NamesTheLineOfAFileThatAptRefuses)
{
    folder_.write("etc/apt/sources.list", "deb http://h/ bookworm main\n");
    folder_.write("etc/apt/sources.list.d/b.sources", "Types: deb\n");
    folder_.write("etc/apt/sources.list.d/a.list.save", "nonsense\n");
    const auto files = read_sources(root());
    ASSERT_FALSE(files);
    EXPECT_EQ(files.error().code, ErrorCode::usage);
    EXPECT_EQ(files.error().message,
              "cannot read apt's sources: /etc/apt/sources.list.d/b.sources line 1: it has no field 'uris'");
}

TEST(FetchTest, OrdersWithAptsOwnSettings)
{
    testing::FakeRunner runner;
    runner.answer("apt-config dump",
                  {0, "APT \"\";\nAcquire::http::Proxy \"http://p:1/\";\nAcquire::Retries \"3\";\nBroken\n", ""});
    const auto settings = apt_settings(runner);
    ASSERT_TRUE(settings);
    EXPECT_EQ(fetch_order(*settings, "http://h/f", "/t/f"),
              "601 Configuration\nConfig-Item: Acquire::http::Proxy=http://p:1/\nConfig-Item: Acquire::Retries=3\n\n"
              "600 URI Acquire\nURI: http://h/f\nFilename: /t/f\n\n");
}

TEST(FetchTest, CurlTellsHowAFileCame)
{
    testing::FakeRunner runner;
    const std::string curl =
        "curl --disable --silent --show-error --fail --location --max-time 2.000 --output /t/f --write-out "
        "'%{time_starttransfer} %{time_total} %{size_download}' -- ";
    runner.answer(curl + "http://h/a", {0, "0.0101 0.5 3075", ""});
    runner.answer(curl + "http://h/b", {22, "", "curl: (22) The requested URL returned error: 404\n"});
    runner.answer(curl + "http://h/c", {28, "", "curl: (28) Operation timed out\n"});
    runner.answer(curl + "http://h/d", {7, "", "curl: (7) Failed to connect\n"});
    const CurlFetcher fetcher{runner};
    const auto fetch = [&](const std::string& uri) { return fetcher.fetch(uri, "/t/f", std::chrono::seconds{2}); };
    const auto came = fetch("http://h/a");
    ASSERT_TRUE(came);
    EXPECT_EQ(came->first_byte, std::chrono::milliseconds{11});
    EXPECT_EQ(came->whole, std::chrono::milliseconds{500});
    EXPECT_EQ(came->size.count(), 3075U);
    EXPECT_EQ(fetch("http://h/b").error().code, ErrorCode::not_found);
    EXPECT_EQ(fetch("http://h/c").error().code, ErrorCode::timeout);
    EXPECT_EQ(fetch("http://h/d").error().message, "cannot fetch 'http://h/d': curl: (7) Failed to connect");
}

TEST(UpdateFailureTest, TellsTheDeepestCause)
{
    EXPECT_FALSE(read_update_failure("Hit:1 http://h/debian bookworm InRelease\nReading package lists...\n"));
    const auto failure = read_update_failure(
        "Err:1 http://h/debian bookworm InRelease\n  Could not resolve 'h'\nW: Failed to fetch http://h/debian  Could "
        "not "
        "resolve 'h'\nE: Some index files failed to download. They have been ignored, or old ones used instead.\n");
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->cause, "its name cannot be resolved");
    EXPECT_EQ(failure->line, "Could not resolve 'h'");
    const auto silent = read_update_failure(
        "W: Skipping acquire of configured file 'x/binary-amd64/Packages' as repository 'http://h stable InRelease' "
        "doesn't have the component 'x' (component misspelt in sources.list?)\n");
    ASSERT_TRUE(silent);
    EXPECT_EQ(silent->cause, "it lacks a component that the sources ask for");
    EXPECT_EQ(read_update_failure("E: nobody has seen this before\n")->cause, "apt cannot read it");
}

}  // namespace
}  // namespace kvmkit::setup
