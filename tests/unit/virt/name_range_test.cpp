// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/name_range.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

std::vector<std::string> names(std::string_view text)
{
    std::vector<std::string> words;
    const auto parsed = parse_names(text);
    EXPECT_TRUE(parsed) << text;
    for (const auto& name : parsed.value_or(std::vector<VmName>{})) {
        words.push_back(name.str());
    }
    return words;
}

TEST(Names, AreSpeltOut)
{
    using Words = std::vector<std::string>;
    EXPECT_EQ(names("web"), (Words{"web"}));
    EXPECT_EQ(names("web{1..3}"), (Words{"web1", "web2", "web3"}));
    EXPECT_EQ(names("web{08..10}-x"), (Words{"web08-x", "web09-x", "web10-x"}));
    EXPECT_EQ(names("db,web{2..2},cache"), (Words{"db", "web2", "cache"}));
    EXPECT_EQ(names("w{1..200}").size(), 200U);
}

TEST(Names, ThatAreNoneAreRefused)
{
    for (const std::string_view text : {"",
                                        ",",
                                        "a,",
                                        "web{",
                                        "web}",
                                        "web{1}",
                                        "web{1..}",
                                        "web{3..1}",
                                        "web{1..201}",
                                        "web{a..b}",
                                        "web{1..2}{1..2}",
                                        "web{-1..2}",
                                        "{1..2}/",
                                        "a,a",
                                        "web1,web{1..2}",
                                        "w{1..150},x{1..150}",
                                        "web{1..99999999999}"}) {
        const auto parsed = parse_names(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, ErrorCode::usage) << text;
    }
}

}  // namespace
}  // namespace kvmkit::virt
