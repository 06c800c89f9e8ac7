// SPDX-License-Identifier: Apache-2.0
#include "txn/places.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace kvmkit::txn {
namespace {

std::filesystem::path variable_or(const char* name, const std::filesystem::path& otherwise)
{
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return value != nullptr && *value == '/' ? std::filesystem::path{value} : otherwise;
}

}  // namespace

Places default_places()
{
    if (::geteuid() == 0) {
        return {"/var/lib/kvmkit", "/run/kvmkit"};
    }
    // Without a home the folders lie right below /tmp, where check_is_ours() sees whether somebody else made them
    // first.
    const std::filesystem::path nowhere;
    const auto home = variable_or("HOME", nowhere);
    const auto state = variable_or("XDG_STATE_HOME", home.empty() ? nowhere : home / ".local/state");
    const auto runtime = variable_or("XDG_RUNTIME_DIR", nowhere);
    return {
        state.empty() ? std::filesystem::path{fmt::format("/tmp/kvmkit-state-{}", ::geteuid())} : state / "kvmkit",
        runtime.empty() ? std::filesystem::path{fmt::format("/tmp/kvmkit-run-{}", ::geteuid())} : runtime / "kvmkit"};
}

Result<void> check_is_ours(const std::filesystem::path& folder)
{
    struct stat found {};
    if (::lstat(folder.c_str(), &found) != 0) {
        return errno == ENOENT ? Result<void>{}
                               : errno_error(errno, fmt::format("cannot look at '{}'", folder.string()));
    }
    constexpr mode_t others_write = S_IWGRP | S_IWOTH;
    if (S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() && (found.st_mode & others_write) == 0) {
        return {};
    }
    return Error{ErrorCode::permission,
                 fmt::format("cannot trust '{}': it must be a folder of user {} that nobody else may write to",
                             folder.string(),
                             ::geteuid()),
                 fmt::format("look at it: ls -ld {0}; then: chown {1} {0} && chmod go-w {0}, or remove it",
                             folder.string(),
                             ::geteuid())};
}

}  // namespace kvmkit::txn
