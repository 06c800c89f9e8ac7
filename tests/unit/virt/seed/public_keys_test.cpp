// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/public_keys.hpp"

#include "support/fake_runner.hpp"
#include "support/temporary_folder.hpp"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

const std::string ed25519 =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINwaIewYiy9VsTIms3a7w8i4K1bmeSsBTtsB2K6auLZr ada@example";
const std::string ecdsa =
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAA"
    "BBBBblxN0WKqHdY8EO1IrpxL5ji34cnx1EuS98YjH+q/Oy1knYqPNfSu+r2rnd3dNAhlAshVW6fjfk7nL7gIWkS0Q= ec@example";

void write(const std::filesystem::path& path, const std::string& text)
{
    std::ofstream{path} << text;
}

TEST(PublicKeys, OfAFileAreAllOfItsLines)
{
    const auto keys = parse_public_keys("# mine\n" + ed25519 + "\n\n  " + ecdsa + "\r\n", "keys");
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(*keys, (std::vector{ed25519, ecdsa}));
}

TEST(PublicKeys, ThatAreDamagedAreNamedByTheirLine)
{
    const auto cut = ed25519.substr(0, 40);
    const auto glued = "ssh-rsa" + ed25519.substr(11);
    const auto dented = ed25519.substr(0, 30) + "!" + ed25519.substr(31);
    for (const auto& line : {cut, glued, dented, std::string{"ssh-ed25519"}}) {
        const auto keys = parse_public_keys(ed25519 + "\n" + line + "\n", "keys");
        ASSERT_FALSE(keys) << line;
        EXPECT_EQ(keys.error().code, ErrorCode::invalid);
        EXPECT_EQ(keys.error().message, "cannot use ssh key 'keys': line 2 holds a key that is cut short or damaged");
    }
}

TEST(PublicKeys, AreNothingElse)
{
    for (const std::string text : {"", "# none\n", "hello\n", "command=\"/bin/sh\" ssh-ed25519 AAAA\n"}) {
        const auto keys = parse_public_keys(text, "keys");
        ASSERT_FALSE(keys) << text;
        EXPECT_EQ(keys.error().code, ErrorCode::invalid);
        EXPECT_TRUE(keys.error().message.starts_with("cannot use ssh key 'keys': ")) << keys.error().message;
    }
}

TEST(KeysOfAFile, NameThePrivateHalfThatLiesBeside)
{
    const testing::TemporaryFolder folder;
    write(folder.path() / "id", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n");
    write(folder.path() / "id.pub", ed25519 + "\n");
    for (const auto* name : {"id", "id.pub"}) {
        const auto keys = keys_of_file(folder.path() / name);
        ASSERT_TRUE(keys) << keys.error().message;
        EXPECT_EQ(keys->lines, std::vector{ed25519});
        EXPECT_EQ(keys->identities, std::vector{folder.path() / "id"});
    }
}

TEST(KeysOfAFile, NeedNoPrivateHalf)
{
    const testing::TemporaryFolder folder;
    write(folder.path() / "team", ed25519 + "\n" + ecdsa + "\n");
    const auto keys = keys_of_file(folder.path() / "team");
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(keys->lines.size(), 2U);
    EXPECT_TRUE(keys->identities.empty());
}

TEST(KeysOfAFile, SayHowToMakeAPublicHalf)
{
    const testing::TemporaryFolder folder;
    write(folder.path() / "id", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n");
    const auto keys = keys_of_file(folder.path() / "id");
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.error().code, ErrorCode::not_found);
    EXPECT_NE(keys.error().hint.find("ssh-keygen -y -f"), std::string::npos);
}

TEST(KeysOfAFile, AreOfAPlainFile)
{
    const testing::TemporaryFolder folder;
    EXPECT_EQ(keys_of_file(folder.path()).error().code, ErrorCode::invalid);
    EXPECT_EQ(keys_of_file(folder.path() / "none").error().code, ErrorCode::not_found);
}

TEST(KeysInAFolder, AreThoseOfSsh)
{
    const testing::TemporaryFolder folder;
    write(folder.path() / "id_b.pub", ecdsa + "\n");
    write(folder.path() / "id_a.pub", ed25519 + "\n");
    write(folder.path() / "other.pub", "no key\n");
    const auto keys = keys_in_folder(folder.path());
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(keys->lines, (std::vector{ed25519, ecdsa}));
    EXPECT_TRUE(keys_in_folder(folder.path() / "none")->lines.empty());
    write(folder.path() / "id_c.pub", "damaged\n");
    EXPECT_FALSE(keys_in_folder(folder.path()));
}

TEST(KeysOfTheAgent, AreAskedOfSshAdd)
{
    (void)::setenv("SSH_AUTH_SOCK", "/agent", 1);
    for (const auto& [answer, found] : {std::pair{Completed{0, ed25519 + "\n", ""}, true},
                                        std::pair{Completed{1, "The agent has no identities.\n", ""}, false},
                                        std::pair{Completed{2, "", "Error connecting to agent"}, false}}) {
        testing::FakeRunner runner;
        runner.answer("ssh-add -L", answer);
        const auto keys = keys_of_agent(runner);
        EXPECT_EQ(keys.has_value(), found);
        EXPECT_TRUE(found || keys.error().code == ErrorCode::not_found);
    }
    (void)::unsetenv("SSH_AUTH_SOCK");
    testing::FakeRunner nobody_is_asked;
    EXPECT_EQ(keys_of_agent(nobody_is_asked).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace kvmkit::virt
