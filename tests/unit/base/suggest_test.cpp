// SPDX-License-Identifier: Apache-2.0
#include "base/suggest.hpp"

#include "base/printable.hpp"

#include <array>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(SuggestTest, TheNearestWordIsMeantUnlessAllAreFar)
{
    const std::array<std::string, 3> words{"interfaces", "routes", "dns-resolver"};
    EXPECT_EQ(did_you_mean("interface", words), "interfaces");
    EXPECT_EQ(did_you_mean("ruotes", words), "routes");
    EXPECT_FALSE(did_you_mean("hostname", words));
}

TEST(PrintableTest, TheFirstByteThatIsNoUtf8IsFound)
{
    EXPECT_FALSE(first_broken_byte("br0 \xc3\xa4"));
    EXPECT_EQ(first_broken_byte("br0 \xe4"), 4U);
    EXPECT_EQ(first_broken_byte("\xc0\x80"), 0U);
}

}  // namespace
}  // namespace kvmkit
