// SPDX-License-Identifier: Apache-2.0
#include "system/root.hpp"

#include "base/unique_handle.hpp"
#include "system/files.hpp"
#include "system/internal/confined.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include <fmt/format.h>

namespace kvmkit {
namespace {

bool is_absence(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR;
}

/// A file that lies in no directory, with these bytes. Sets errno where it gives nothing.
UniqueFd file_of(const std::string& bytes)
{
    UniqueFd file{::memfd_create("kvmkit", MFD_CLOEXEC)};
    if (!file || !write_all(file.get(), bytes, "memory") || ::lseek(file.get(), 0, SEEK_SET) != 0) {
        return {};
    }
    return file;
}

}  // namespace

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

Root Root::of(FileTree tree)
{
    Root root{UniqueFd{}, false};
    root.tree_ = std::move(tree);
    return root;
}

UniqueFd Root::open_in_memory(const std::string& path, int flags) const
{
    const TreeEntry* entry = find_entry(*tree_, path);
    if (entry == nullptr || ((flags & O_DIRECTORY) != 0 && entry->kind != TreeEntry::Kind::directory)) {
        errno = ENOENT;
        return {};
    }
    if (entry->kind == TreeEntry::Kind::directory) {
        return UniqueFd{::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};  // only ever looked at
    }
    return file_of(entry->bytes);
}

/// One door for everything: sets errno where it gives nothing.
UniqueFd Root::open_path(const std::string& path, int flags) const
{
    if (const auto found = refused_.find(path); found != refused_.end()) {
        errno = found->second;
        return {};
    }
    if (tree_) {
        return open_in_memory(path, flags);
    }
    return is_this_host_ ? UniqueFd{::openat(directory_.get(), path.c_str(), flags | O_CLOEXEC)}
                         : open_confined(directory_.get(), path, flags);
}

Fact<UniqueFd> Root::open_file(const std::string& path, Access access) const
{
    // A device in a copy is not the recorded host's: opening it would reach this one.
    if (!is_this_host_) {
        const auto found = status(path);
        if (!found || !*found) {
            return found ? Fact<UniqueFd>{std::optional<UniqueFd>{}} : Fact<UniqueFd>{found.error()};
        }
        if (!S_ISREG((*found)->st_mode)) {
            return Error{ErrorCode::invalid, fmt::format("cannot open '/{}': it is no plain file", path)};
        }
    }
    UniqueFd file = open_path(path, (access == Access::read_write ? O_RDWR : O_RDONLY) | O_NONBLOCK);
    if (file) {
        return std::optional{std::move(file)};
    }
    if (is_absence(errno)) {
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
    const auto unreadable = [&path](int errnum) {
        return is_absence(errnum) ? Fact<std::string>{std::optional<std::string>{}}
                                  : errno_error(errnum, fmt::format("cannot read the link '/{}'", path));
    };
    if (tree_) {
        const auto entry = tree_->find(path);
        const bool link = entry != tree_->end() && entry->second.kind == TreeEntry::Kind::link;
        return link ? Fact<std::string>{std::optional{entry->second.bytes}}
                    : unreadable(entry == tree_->end() ? ENOENT : EINVAL);
    }
    const std::filesystem::path whole{path};
    const UniqueFd parent =
        open_path(whole.has_parent_path() ? whole.parent_path().string() : ".", O_PATH | O_DIRECTORY);
    if (!parent) {
        return unreadable(errno);
    }
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(parent.get(), whole.filename().c_str(), target.data(), target.size());
    return size >= 0 ? Fact<std::string>{std::optional{std::string{target.data(), static_cast<std::size_t>(size)}}}
                     : unreadable(errno);
}

Fact<struct stat> Root::status(const std::string& path) const
{
    struct stat found {};
    const UniqueFd file = open_path(path, O_PATH);
    if (file && ::fstat(file.get(), &found) == 0) {
        return std::optional{found};
    }
    if (is_absence(errno)) {
        return std::optional<struct stat>{};
    }
    return errno_error(errno, fmt::format("cannot look at '/{}'", path));
}

bool Root::exists(const std::string& path) const
{
    const auto found = status(path);
    return found && found->has_value();
}

std::vector<std::string> Root::names_in_memory(const std::string& path) const
{
    std::vector<std::string> found;
    const TreeEntry* directory = find_entry(*tree_, path);
    for (const auto& [name, entry] : *tree_) {
        const auto slash = name.rfind('/');
        const auto parent = slash == std::string::npos ? std::string{} : name.substr(0, slash);
        if (find_entry(*tree_, parent) == directory) {
            found.push_back(slash == std::string::npos ? name : name.substr(slash + 1));
        }
    }
    return found;
}

Fact<std::vector<std::string>> Root::names(const std::string& path) const
{
    const UniqueFd directory = open_path(path, O_RDONLY | O_DIRECTORY);
    if (!directory && is_absence(errno)) {
        return std::optional<std::vector<std::string>>{};
    }
    if (directory && tree_) {
        return std::optional{names_in_memory(path)};
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
