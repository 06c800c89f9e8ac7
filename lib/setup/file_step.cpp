// SPDX-License-Identifier: Apache-2.0
#include "setup/file_step.hpp"

#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace kvmkit::setup {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::int64_t modified_ns(const struct stat& status)
{
    return std::int64_t{status.st_mtim.tv_sec} * second + status.st_mtim.tv_nsec;
}

/// Whether there is nothing to do: an undoing also goes over what was never done.
bool is_so(const std::filesystem::path& path, const SetFile& wanted)
{
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & 07777U) != wanted.mode) {
        return false;
    }
    if (wanted.owner && *wanted.owner != FileOwner{status.st_uid, status.st_gid}) {
        return false;
    }
    if (wanted.modified_ns && *wanted.modified_ns != modified_ns(status)) {
        return false;
    }
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    const auto bytes = fd ? read_all(fd.get(), path.string(), Root::default_max_bytes) : Result<std::string>{Error{}};
    return bytes && *bytes == *wanted.bytes;
}

}  // namespace

Result<SetFile> inverse_of(const Root& root, const SetFile& file)
{
    auto bytes = root.read(file.path);
    const auto status = root.status(file.path);
    if (!bytes || !status) {
        return bytes ? status.error() : std::move(bytes).error();
    }
    SetFile back{.path = file.path, .bytes = std::move(*bytes), .mode = file.mode, .over = fingerprint(file.bytes)};
    if (*status) {
        back.mode = (*status)->st_mode & 07777U;
        back.owner = FileOwner{(*status)->st_uid, (*status)->st_gid};
        back.modified_ns = modified_ns(**status);
    }
    return back;
}

Result<void> put_file(const std::filesystem::path& top, const SetFile& file)
{
    const auto path = top / file.path;
    if (!file.bytes) {
        return remove_if_there(path);
    }
    if (is_so(path, file)) {
        return {};
    }
    if (auto made = make_directories(path.parent_path(), 0755); !made) {
        return made;
    }
    // A link of the administrator's stays one: what it leads to is replaced.
    std::error_code problem;
    const bool is_link = std::filesystem::is_symlink(path, problem);
    const auto target = is_link ? std::filesystem::weakly_canonical(path, problem) : path;
    return write_atomically(problem ? path : target,
                            *file.bytes,
                            FileLook{.mode = file.mode, .owner = file.owner, .modified_ns = file.modified_ns});
}

Result<SetFile> keeping_look(const Root& root, const std::string& path, std::string bytes)
{
    SetFile wanted{.path = path, .bytes = std::move(bytes)};
    const auto status = root.status(path);
    if (!status) {
        return status.error();
    }
    if (*status) {
        wanted.mode = (*status)->st_mode & 07777U;
        wanted.owner = FileOwner{(*status)->st_uid, (*status)->st_gid};
    }
    return wanted;
}

}  // namespace kvmkit::setup
