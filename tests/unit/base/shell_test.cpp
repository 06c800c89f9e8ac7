// SPDX-License-Identifier: Apache-2.0
#include "base/shell.hpp"

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

TEST(Shell, TakesAWordBackAsItWas)
{
    EXPECT_EQ(shell_word("kvm_intel.nested=1"), "kvm_intel.nested=1");
    EXPECT_EQ(shell_word(""), "''");
    EXPECT_EQ(shell_word("bob;touch x"), "'bob;touch x'");
    EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
}

TEST(Shell, KnowsWhatSedAndProgramsTakeForMoreThanItself)
{
    EXPECT_TRUE(is_plain_word("module_blacklist=kvm_intel,kvm"));
    for (const char* word : {"", "-r", "a/b", "a;b", "${IFS}", "it's", "a b"}) {
        EXPECT_FALSE(is_plain_word(word)) << word;
    }
}

}  // namespace
}  // namespace kvmkit
