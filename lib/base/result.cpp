// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>

#include <system_error>

#include <fmt/format.h>

namespace kvmkit {
namespace {

ErrorCode code_from_errno(int errnum)
{
    switch (errnum) {
        case ENOENT:
        case ENODEV:
        case ENXIO: return ErrorCode::not_found;
        case EPERM:
        case EACCES:
        case EROFS: return ErrorCode::permission;
        case EEXIST: return ErrorCode::exists;
        case EBUSY: return ErrorCode::busy;
        case EINVAL: return ErrorCode::invalid;
        case EOPNOTSUPP:
        case ENOSYS: return ErrorCode::unsupported;
        case ETIMEDOUT: return ErrorCode::timeout;
        default: return ErrorCode::external;
    }
}

}  // namespace

std::string_view word(ErrorCode code) noexcept
{
    switch (code) {
        case ErrorCode::not_found: return "not-found";
        case ErrorCode::permission: return "permission";
        case ErrorCode::exists: return "exists";
        case ErrorCode::busy: return "busy";
        case ErrorCode::invalid: return "invalid";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::timeout: return "timeout";
        case ErrorCode::external: return "external";
        case ErrorCode::usage: return "usage";
        case ErrorCode::refused: return "refused";
        case ErrorCode::locked: return "locked";
        case ErrorCode::interrupted: return "interrupted";
        case ErrorCode::damaged: return "damaged";
        case ErrorCode::rolled_back: return "rolled-back";
    }
    return "external";
}

std::optional<ErrorCode> error_code_of(std::string_view word) noexcept
{
    for (int number = 0; number <= static_cast<int>(ErrorCode::rolled_back); ++number) {
        const auto code = static_cast<ErrorCode>(number);
        if (word == kvmkit::word(code)) {
            return code;
        }
    }
    return std::nullopt;
}

Error errno_error(int errnum, std::string_view doing, std::string hint)
{
    return {code_from_errno(errnum),
            fmt::format("{}: {}", doing, std::generic_category().message(errnum)),
            std::move(hint)};
}

}  // namespace kvmkit
