// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/uuid.hpp"
#include "virt/spec/vm_name.hpp"

#include <regex>
#include <string>

#include <gtest/gtest.h>

namespace kvmkit::virt {
namespace {

TEST(VmName, TakesLettersDigitsAndThreeMarks)
{
    for (const auto* name : {"a", "web-1", "7", "db_2.example", "A"}) {
        EXPECT_TRUE(VmName::parse(name)) << name;
    }
    EXPECT_TRUE(VmName::parse(std::string(63, 'x')));
}

TEST(VmName, RefusesWhatAPathAShellOrLibvirtWouldStumbleOver)
{
    for (const auto* name :
         {"", ".", "..", "-rm", ".hidden", "a/b", "a b", "a\nb", "a<b", "gr\xc3\xbc\xc3\x9f", "a'b"}) {
        const auto parsed = VmName::parse(name);
        ASSERT_FALSE(parsed) << name;
        EXPECT_EQ(parsed.error().code, ErrorCode::usage);
        EXPECT_FALSE(parsed.error().hint.empty());
    }
    EXPECT_FALSE(VmName::parse(std::string(64, 'x')));
}

TEST(Uuid, IsRandomOfVersion4)
{
    const std::regex shape{"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"};
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(std::regex_match(new_uuid(), shape)) << new_uuid();
    }
    EXPECT_NE(new_uuid(), new_uuid());
}

TEST(Uuid, GivesTheNetworkCardItsAddress)
{
    EXPECT_EQ(mac_address_of("01234567-89ab-4cde-8f01-23456789abcd"), "52:54:00:89:ab:cd");
}

}  // namespace
}  // namespace kvmkit::virt
