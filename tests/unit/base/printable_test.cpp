// SPDX-License-Identifier: Apache-2.0
#include "base/printable.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

constexpr std::size_t plenty = 1000;

TEST(Printable, LeavesTextAsItIs)
{
    EXPECT_EQ(printable("kvm: disabled by bios", plenty), "kvm: disabled by bios");
    EXPECT_EQ(printable("/srv/Bücher/日本 €", plenty), "/srv/Bücher/日本 €");
    EXPECT_EQ(printable("a\tb", plenty), "a b");
    EXPECT_EQ(printable("", plenty), "");
}

TEST(Printable, DropsEscapeSequences)
{
    EXPECT_EQ(printable("\x1b[31;1mred\x1b[0m", plenty), "red");
    EXPECT_EQ(printable("\x1b]0;title\x07text", plenty), "text");
    EXPECT_EQ(printable("\x1b]0;title\x1b\\text", plenty), "text");
    EXPECT_EQ(printable("\x1b"
                        "ctext",
                        plenty),
              "text");
    EXPECT_EQ(printable("text\x1b", plenty), "text");
    EXPECT_EQ(printable("text\x1b[", plenty), "text");
    EXPECT_EQ(printable("text\x1b]0;", plenty), "text");
}

TEST(Printable, MarksWhatIsNoText)
{
    EXPECT_EQ(printable("\b\x7f\r", plenty), "???");
    EXPECT_EQ(printable("\xff\xc3", plenty), "??");                 // broken UTF-8
    EXPECT_EQ(printable("\xc0\xaf\xe0\x80\xaf", plenty), "?????");  // not in its shortest form
    EXPECT_EQ(printable("\xed\xa0\x80", plenty), "???");            // a surrogate
    EXPECT_EQ(printable("\xc2\x9b"
                        "2J",
                        plenty),
              "?2J");  // a control sequence in one character
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b\xef\xbb\xbf",
                        plenty),
              "a?b?");                                         // right-to-left override, byte order mark
    EXPECT_EQ(printable("\xf4\x90\x80\x80", plenty), "????");  // beyond Unicode
}

TEST(Printable, CutsBetweenCharacters)
{
    EXPECT_EQ(printable("abcdef", 3), "abc...");
    EXPECT_EQ(printable("abc", 3), "abc");
    EXPECT_EQ(printable("ab€", 4), "ab...");
}

TEST(WithoutEscapes, KeepsEverythingElse)
{
    EXPECT_EQ(without_escapes(std::string_view{"a\0b\x1b[1mc\xff\n", 10}), "abc\xff\n");
}

}  // namespace
}  // namespace kvmkit
