// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Base64, IsThatOfRfc4648)
{
    for (const auto& [bytes, text] : {std::pair{"", ""},
                                      {"f", "Zg=="},
                                      {"fo", "Zm8="},
                                      {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg=="},
                                      {"\xff\xfe\xfd", "//79"}}) {
        EXPECT_EQ(encode_base64(bytes), text);
        EXPECT_EQ(decode_base64(text), bytes);
    }
}

TEST(Base64, ThatIsNoneHasNoBytes)
{
    for (const auto* text : {"Z", "Zg=", "Zg", "Z===", "====", "Zm9v\n", "Zm 9", "Zm=v", "Zg==Zg=="}) {
        EXPECT_FALSE(decode_base64(text)) << text;
    }
}

}  // namespace
}  // namespace kvmkit
