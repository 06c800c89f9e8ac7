// SPDX-License-Identifier: Apache-2.0
#include "virt/image/checksum.hpp"

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

const std::string a(64, 'a');
const std::string b(64, 'b');
const std::string c(128, 'c');

TEST(Checksums, AreFoundInEachSpelling)
{
    struct Case {
        std::string text;
        Checksum wanted;
    };
    const std::vector<Case> cases{
        {a + "  disk.img\n" + b + "  other.img\n", {Algorithm::sha256, a}},
        {b + " *other.img\n" + a + " *disk.img\r\n", {Algorithm::sha256, a}},
        {b + "  other.img\n" + a + "  ./images/disk.img\n", {Algorithm::sha256, a}},
        {"# disk.img: 12 bytes\nSHA256 (disk.img) = " + a + "\nSHA256 (other.img) = " + b + "\n",
         {Algorithm::sha256, a}},
        {"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSHA512 (disk.img) = " + c + "\nSHA256 (x) = " + a + "\n",
         {Algorithm::sha512, c}},
        {a + "\n", {Algorithm::sha256, a}},
        {std::string(64, 'A') + "  a-build-of-today.img\n", {Algorithm::sha256, a}},
        {a + "  disk.img\n" + c + "  disk.img\n", {Algorithm::sha512, c}},
    };
    for (const Case& one : cases) {
        const auto found = find_checksum(one.text, "disk.img");
        ASSERT_TRUE(found) << one.text;
        EXPECT_EQ(*found, one.wanted) << one.text;
    }
}

TEST(Checksums, OfAFileThatIsNotNamedOrTooWeakAreNone)
{
    for (const std::string& text : {std::string{},
                                    a + "  one.img\n" + b + "  two.img\n",
                                    std::string(32, 'a') + "  disk.img\n",
                                    std::string(40, 'a') + "  disk.img\n",
                                    std::string(64, 'g') + "  disk.img\n",
                                    "MD5 (disk.img) = " + a + "\n",
                                    std::string{"<html>404</html>"}}) {
        const auto found = find_checksum(text, "disk.img");
        ASSERT_FALSE(found) << text;
        EXPECT_EQ(found.error().code, ErrorCode::not_found);
    }
}

TEST(Checksums, ThatAUserTellsMustBeWhole)
{
    EXPECT_EQ(parse_digits(std::string(64, 'A'))->digits, a);
    EXPECT_EQ(parse_digits(c)->algorithm, Algorithm::sha512);
    EXPECT_FALSE(parse_digits("abc"));
    EXPECT_FALSE(parse_digits(""));
}

TEST(Digests, AreThoseOfTheStandard)
{
    EXPECT_EQ(digest_of("abc", Algorithm::sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest_of("", Algorithm::sha512).substr(0, 16), "cf83e1357eefb8bd");
}

}  // namespace
}  // namespace kvmkit::virt
