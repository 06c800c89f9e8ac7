// SPDX-License-Identifier: Apache-2.0
#include "system/root.hpp"

#include "base/unique_handle.hpp"
#include "system/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include <fmt/format.h>

namespace kvmkit {

Result<Root> Root::open(const std::filesystem::path& directory)
{
    UniqueFd fd{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (!fd) {
        return errno_error(errno, fmt::format("cannot open directory '{}'", directory.string()));
    }
    struct stat here {};
    struct stat top {};
    const bool same = ::fstat(fd.get(), &here) == 0 && ::stat("/", &top) == 0 && here.st_dev == top.st_dev &&
                      here.st_ino == top.st_ino;
    return Root{std::move(fd), same};
}

Fact<UniqueFd> Root::open_file(const std::string& path, Access access) const
{
    const int mode = access == Access::read_write ? O_RDWR : O_RDONLY;
    UniqueFd file{::openat(directory_.get(), path.c_str(), mode | O_CLOEXEC | O_NONBLOCK)};
    if (file) {
        return std::optional{std::move(file)};
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return std::optional<UniqueFd>{};
    }
    return errno_error(errno, fmt::format("cannot open '/{}'", path));
}

Fact<std::string> Root::read(const std::string& path, std::size_t max_bytes) const
{
    auto file = open_file(path, Access::read_only);
    if (!file) {
        return std::move(file).error();
    }
    if (!*file) {
        return std::optional<std::string>{};
    }
    auto text = read_all((*file)->get(), fmt::format("/{}", path), max_bytes);
    if (!text) {
        return std::move(text).error();
    }
    return std::optional{std::move(*text)};
}

Fact<std::string> Root::link_target(const std::string& path) const
{
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(directory_.get(), path.c_str(), target.data(), target.size());
    if (size >= 0) {
        return std::optional{std::string{target.data(), static_cast<std::size_t>(size)}};
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return std::optional<std::string>{};
    }
    return errno_error(errno, fmt::format("cannot read the link '/{}'", path));
}

Fact<struct stat> Root::status(const std::string& path) const
{
    struct stat found {};
    if (::fstatat(directory_.get(), path.c_str(), &found, 0) == 0) {
        return std::optional{found};
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return std::optional<struct stat>{};
    }
    return errno_error(errno, fmt::format("cannot look at '/{}'", path));
}

bool Root::exists(const std::string& path) const
{
    const auto found = status(path);
    return found && found->has_value();
}

Fact<std::vector<std::string>> Root::names(const std::string& path) const
{
    const UniqueFd directory{::openat(directory_.get(), path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory && (errno == ENOENT || errno == ENOTDIR)) {
        return std::optional<std::vector<std::string>>{};
    }
    // fdopendir takes the descriptor over, so it gets one of its own.
    const UniqueHandle<DIR, ::closedir> listing{directory ? ::fdopendir(::fcntl(directory.get(), F_DUPFD_CLOEXEC, 0))
                                                          : nullptr};
    if (!listing) {
        return errno_error(errno, fmt::format("cannot list '/{}'", path));
    }
    std::vector<std::string> found;
    while (const dirent* entry = ::readdir(listing.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
        const std::string_view name{static_cast<const char*>(entry->d_name)};
        if (name != "." && name != "..") {
            found.emplace_back(name);
        }
    }
    std::ranges::sort(found);
    return std::optional{std::move(found)};
}

}  // namespace kvmkit
