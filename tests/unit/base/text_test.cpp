// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

#include <fcntl.h>

#include <cerrno>

#include <gtest/gtest.h>

namespace kvmkit {
namespace {

using Words = std::vector<std::string_view>;

TEST(Text, IsTakenApart)
{
    EXPECT_EQ(trim(" \t a b\r\n"), "a b");
    EXPECT_EQ(trim(" \n"), "");
    EXPECT_EQ(split("a::b", ':'), (Words{"a", "", "b"}));
    EXPECT_EQ(split("", ':'), (Words{""}));
    EXPECT_EQ(lines("a\n\nb\n"), (Words{"a", "", "b"}));
    EXPECT_EQ(lines(""), Words{});
    EXPECT_EQ(words("  vmx\tsvm\n lm "), (Words{"vmx", "svm", "lm"}));
}

TEST(ErrnoError, TellsAbsentFromForbiddenFromBusy)
{
    EXPECT_EQ(errno_error(ENOENT, "x").code, ErrorCode::not_found);
    EXPECT_EQ(errno_error(EACCES, "x").code, ErrorCode::permission);
    EXPECT_EQ(errno_error(EBUSY, "x").code, ErrorCode::busy);
    EXPECT_EQ(errno_error(EIO, "cannot read 'x'").message, "cannot read 'x': Input/output error");
}

TEST(UniqueFd, ClosesOnceAndOnlyWhatItOwns)
{
    const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    {
        UniqueFd first{number};
        UniqueFd second{std::move(first)};
        first = UniqueFd{};
        EXPECT_EQ(::fcntl(number, F_GETFD), FD_CLOEXEC);
    }
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace kvmkit
