// SPDX-License-Identifier: Apache-2.0
#include "base/answer.hpp"

#include <cstring>
#include <system_error>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr int highest_errno = 4095;  // the kernel's MAX_ERRNO

}  // namespace

std::string errno_name(int errnum)
{
    const char* name = ::strerrorname_np(errnum);
    return name == nullptr ? fmt::format("{}", errnum) : std::string{name};
}

std::optional<int> errno_number(std::string_view name)
{
    for (int errnum = 1; errnum <= highest_errno; ++errnum) {
        const char* known = ::strerrorname_np(errnum);
        if (known != nullptr && name == known) {
            return errnum;
        }
    }
    return std::nullopt;
}

std::string errno_text(int errnum)
{
    return fmt::format("{} ({})", std::generic_category().message(errnum), errno_name(errnum));
}

}  // namespace kvmkit
