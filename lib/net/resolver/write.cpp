// SPDX-License-Identifier: Apache-2.0
#include "base/unique_fd.hpp"
#include "net/resolver/resolver.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

const std::string path = "/etc/resolv.conf";
constexpr std::size_t enough = 1U << 20U;
constexpr mode_t usual_mode = 0644;

/// Absent: there is no such file.
Result<std::optional<std::string>> content()
{
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
        const int problem = errno;
        return problem == ENOENT ? Result<std::optional<std::string>>{std::nullopt}
                                 : errno_error(problem, fmt::format("cannot read '{}'", path));
    }
    auto text = read_all(file.get(), path, enough);
    return text ? Result<std::optional<std::string>>{*std::move(text)} : std::move(text).error();
}

/// A container's file is a mount of its own, which cannot be renamed over.
Result<void> write_in_place(const std::string& bytes)
{
    const UniqueFd file{::open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW)};
    if (!file) {
        return errno_error(errno, fmt::format("cannot write '{}'", path));
    }
    return write_all(file.get(), bytes, path);
}

bool is_mount_of_its_own()
{
    struct stat file = {};
    struct stat folder = {};
    return ::stat(path.c_str(), &file) == 0 && ::stat("/etc", &folder) == 0 && file.st_dev != folder.st_dev;
}

}  // namespace

bool is_before(const SetResolver& step)
{
    const auto now = content();
    return now && *now == step.before;
}

Result<void> write_resolver(const SetResolver& step)
{
    const auto now = content();
    if (!now) {
        return now.error();
    }
    if (*now != step.before) {
        return Error{ErrorCode::refused,
                     fmt::format("cannot set the name servers: somebody else has changed {} meanwhile", path),
                     "see who did, and try again"};
    }
    if (!step.after) {
        return remove_if_there(path);
    }
    if (is_mount_of_its_own()) {
        return write_in_place(*step.after);
    }
    struct stat status = {};
    const bool there = ::stat(path.c_str(), &status) == 0;
    constexpr mode_t permissions = 07777;
    return write_atomically(path, *step.after, there ? status.st_mode & permissions : usual_mode);
}

}  // namespace kvmkit::net
