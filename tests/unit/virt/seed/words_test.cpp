// SPDX-License-Identifier: Apache-2.0
#include "virt/seed/words.hpp"

#include "virt/seed/documents.hpp"

#include <string>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

TEST(SeedWords, UserNames)
{
    for (const auto* name : {"ada", "_x", "web-1", "root", "a23456789012345678901234567890ab"}) {
        EXPECT_TRUE(check_user_name(name)) << name;
    }
    for (const auto* name :
         {"", "1a", "-a", "Ada", "a b", "a:b", "a\n", "\xc3\xa4", "a23456789012345678901234567890abc"}) {
        EXPECT_FALSE(check_user_name(name)) << name;
    }
}

TEST(SeedWords, HostNames)
{
    for (const auto* name : {"web", "web-1.example.org", "1", "WEB"}) {
        EXPECT_TRUE(check_hostname(name)) << name;
    }
    for (const auto& name : {std::string{},
                             std::string{"."},
                             std::string{"web."},
                             std::string{"-web"},
                             std::string{"web-"},
                             std::string{"a_b"},
                             std::string(64, 'a')}) {
        EXPECT_FALSE(check_hostname(name)) << name;
    }
}

TEST(SeedWords, AHostNameIsMadeOfEachVmName)
{
    EXPECT_EQ(hostname_for("web_1"), "web-1");
    EXPECT_EQ(hostname_for("web.lan"), "web.lan");
    EXPECT_EQ(hostname_for("web__"), "web");
    EXPECT_EQ(hostname_for("web.-"), "web");
}

TEST(SeedWords, PackageNames)
{
    for (const auto* name : {"nginx", "g++", "libc6:i386", "nginx=1.2-3~deb12u1", "python3.11", "docker-ce"}) {
        EXPECT_TRUE(check_package_name(name)) << name;
    }
    for (const auto* name : {"", "-y", "a b", "a;b", "a\n", "./a.deb", "$(x)"}) {
        EXPECT_FALSE(check_package_name(name)) << name;
    }
}

TEST(SeedWords, Commands)
{
    EXPECT_TRUE(check_command("echo 'a' > /b && c \"$d\"\nnext"));
    EXPECT_FALSE(check_command(""));
    EXPECT_FALSE(check_command(" \t"));
    EXPECT_FALSE(check_command("echo \xff"));
}

TEST(SeedWords, UserDataTellsItsKind)
{
    for (const auto* text : {"#cloud-config\nusers: []\n", "#cloud-config\r\na: 1\r\n", "#!/bin/sh\ntrue\n"}) {
        EXPECT_TRUE(check_user_data(text, "f")) << text;
    }
    for (const std::string text :
         {"", "users: []\n", "#cloud-config-archive\n", " #!/bin/sh\n", "#cloud-config\n\xff"}) {
        const auto checked = check_user_data(text, "f");
        ASSERT_FALSE(checked) << text;
        EXPECT_EQ(checked.error().code, ErrorCode::invalid);
        EXPECT_TRUE(checked.error().message.starts_with("cannot use user-data 'f': ")) << checked.error().message;
    }
}

}  // namespace
}  // namespace kvmkit::virt
