// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/entry.hpp"
#include "setup/sources/switch.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace kvmkit::setup {
namespace {

const Distribution bookworm{"debian", "12", "Debian 12", "bookworm", Family::debian, 1200};

std::vector<std::string> texts(const std::vector<SourceWord>& words)
{
    std::vector<std::string> plain;
    for (const SourceWord& word : words) {
        plain.push_back(word.text);
    }
    return plain;
}

SourceFile file_of(const std::string& path, const std::string& text)
{
    const auto format = *source_format_of(path.substr(path.rfind('/') + 1));
    return {path, format, text, read_source_entries(format, text)};
}

/// A file after a switch of everything of example.org's, and its notes.
std::string switched(const std::string& path, const std::string& text, const SwitchWish& wish)
{
    const auto ours = [](const SourceEntry& entry) {
        return entry.uris.front().text.find("//example.org") != std::string::npos;
    };
    const auto plan = plan_switch({file_of(path, text)}, bookworm, ours, wish);
    return plan.files.empty() ? text : plan.files.front().text;
}

TEST(SourceEntryTest, ReadsALineWithOptionsAndComments)
{
    const auto read =
        read_source_entries(SourceFormat::one_line,
                            "# deb http://no/ a b\n"
                            "  deb [arch=amd64,i386 Signed-By=/a#b.gpg]  http://h/debian  bookworm main contrib # why\n"
                            "\n"
                            "deb-src http://h/debian ./\n");
    ASSERT_TRUE(read.malformed.empty());
    ASSERT_EQ(read.entries.size(), 2U);
    const SourceEntry& entry = read.entries.front();
    EXPECT_EQ(entry.line, 2U);
    EXPECT_EQ(entry.types, std::vector<std::string>{"deb"});
    EXPECT_EQ(texts(entry.uris), std::vector<std::string>{"http://h/debian"});
    EXPECT_EQ(texts(entry.suites), std::vector<std::string>{"bookworm"});
    EXPECT_EQ(entry.components, (std::vector<std::string>{"main", "contrib"}));
    EXPECT_EQ(entry.options.at("signed-by"), "/a#b.gpg");
    EXPECT_TRUE(read.entries.back().components.empty()) << "a path takes no component";
}

TEST(SourceEntryTest, NamesTheLineThatAptRefuses)
{
    const std::vector<std::pair<std::string, std::string>> cases{
        {"deb http://h/debian\n", "there is no suite"},
        {"deb\n", "there is no URI"},
        {"deb [arch=amd64 http://h/ a b\n", "the options have no end"},
        {"rpm http://h/ a b\n", "type 'rpm' is not known"},
        {"deb http://h/ a\n", "there is no component"},
        {"deb http://h/ a/ main\n", "a suite with a path takes no component"},
    };
    for (const auto& [text, cause] : cases) {
        const auto read = read_source_entries(SourceFormat::one_line, "# first\n" + text);
        ASSERT_EQ(read.malformed.size(), 1U) << text;
        EXPECT_EQ(read.malformed.front().line, 2U);
        EXPECT_EQ(read.malformed.front().cause, cause);
    }
}

TEST(SourceEntryTest, ReadsStanzasWithContinuedFields)
{
    const std::string text =
        "# head\n\nTypes: deb deb-src\nURIs: http://a/\n# between\n http://b/\nSuites: bookworm\n"
        "components: main\nEnabled: no\nSigned-By:\n -----BEGIN\n .\n key\n\n\nTypes: deb\n";
    const auto read = read_source_entries(SourceFormat::deb822, text);
    ASSERT_EQ(read.entries.size(), 1U);
    const SourceEntry& entry = read.entries.front();
    EXPECT_EQ(entry.line, 3U);
    EXPECT_FALSE(entry.enabled);
    EXPECT_EQ(texts(entry.uris), (std::vector<std::string>{"http://a/", "http://b/"}));
    EXPECT_EQ(text.substr(entry.uris.back().begin, 9), "http://b/");
    EXPECT_NE(entry.options.at("signed-by").find("key"), std::string::npos);
    ASSERT_EQ(read.malformed.size(), 1U);
    EXPECT_EQ(read.malformed.front().cause, "it has no field 'uris'");
    EXPECT_EQ(read.malformed.front().line, 16U);
}

TEST(SourceEntryTest, PassesOverNamesThatAptDoes)
{
    EXPECT_EQ(source_format_of("a.list"), SourceFormat::one_line);
    EXPECT_EQ(source_format_of("ubuntu.sources"), SourceFormat::deb822);
    EXPECT_FALSE(source_format_of("a.list.bak"));
    EXPECT_FALSE(source_format_of(".a.list"));
    EXPECT_FALSE(source_format_of("a b.list"));
}

TEST(SwitchTest, ReplacesOnlyTheAddressOfTheDistributionsEntries)
{
    const std::string text =
        "# mine \xe9\ndeb [arch=amd64]   http://example.org/debian bookworm main # base\n"
        "deb http://example.org/debian bookworm-security main\n"
        "deb http://other.example/debian bookworm main\n"
        "deb http://example.org/debian trixie main\n";
    EXPECT_EQ(switched("a.list", text, {"http://m/debian/"}),
              "# mine \xe9\ndeb [arch=amd64]   http://m/debian/ bookworm main # base\n"
              "deb http://example.org/debian bookworm-security main\n"
              "deb http://other.example/debian bookworm main\n"
              "deb http://example.org/debian trixie main\n");
    const auto with_security = switched("a.list", text, {"http://m/debian/", "http://m/debian-security/"});
    EXPECT_NE(with_security.find("deb http://m/debian-security/ bookworm-security main\n"), std::string::npos);
}

TEST(SwitchTest, ASecondSwitchToTheSamePlaceChangesNothing)
{
    const std::string text = "deb http://example.org/debian bookworm main\n";
    EXPECT_EQ(switched("a.list", text, {"http://example.org/debian/"}), text) << "a '/' more or less is the same place";
}

TEST(SwitchTest, KeepsAStanzaForSecurityWhereOneHeldBoth)
{
    const std::string text =
        "Types: deb\nURIs: http://example.org/debian\n# two\n http://example.org/other\n"
        "Suites: bookworm bookworm-security\nComponents: main\n\nTypes: deb\nURIs: http://x/\n"
        "Suites: bookworm\nComponents: main\n";
    EXPECT_EQ(switched("a.sources", text, {"http://m/debian/"}),
              "Types: deb\nURIs: http://m/debian/\n# two\nSuites: bookworm\nComponents: main\n\n"
              "Types: deb\nURIs: http://example.org/debian\n# two\n http://example.org/other\n"
              "Suites: bookworm-security\nComponents: main\n\nTypes: deb\nURIs: http://x/\n"
              "Suites: bookworm\nComponents: main\n");
}

TEST(SwitchTest, NeverMovesASuiteThatIsNotReleased)
{
    const std::string text = "deb http://example.org/debian bookworm-proposed-updates main\n";
    EXPECT_EQ(switched("a.list", text, {"http://m/debian/", "http://m/debian-security/"}), text);
}

TEST(SwitchTest, ProvesTheDistributionsEntriesAlone)
{
    const auto ours = [](const SourceEntry& entry) {
        return entry.uris.front().text.find("//example.org") != std::string::npos;
    };
    const auto plan = plan_switch({file_of("etc/a.list",
                                           "deb http://example.org/debian bookworm main\n"
                                           "deb http://example.org/debian bookworm-security main\n"
                                           "deb http://third.example/debian bookworm main\n")},
                                  bookworm,
                                  ours,
                                  {"http://m/debian/"});
    ASSERT_EQ(plan.to_prove.size(), 1U);
    EXPECT_EQ(plan.to_prove.front().text,
              "deb http://m/debian/ bookworm main\n\ndeb http://example.org/debian bookworm-security main\n\n");
    ASSERT_EQ(plan.notes.size(), 1U);
    EXPECT_EQ(
        plan.notes.front(),
        "/etc/a.list line 3: http://third.example/debian is not known to be the distribution's; it is left as it is");
}

}  // namespace
}  // namespace kvmkit::setup
