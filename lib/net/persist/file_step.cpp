// SPDX-License-Identifier: Apache-2.0
#include "net/persist/file_step.hpp"

#include "base/unique_fd.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using MaybeStep = std::optional<FileStep>;
constexpr std::size_t most = std::size_t{4} << 20U;
constexpr mode_t mode_bits = 07777;

Error cannot(std::string_view doing, const std::filesystem::path& path)
{
    return errno_error(errno, fmt::format("cannot {} '{}'", doing, path.string()));
}

Result<std::optional<FileImage>> link_image(const std::filesystem::path& path)
{
    std::error_code problem;
    const auto target = std::filesystem::read_symlink(path, problem);
    if (problem) {
        return errno_error(problem.value(), fmt::format("cannot read link '{}'", path.string()));
    }
    return std::optional{FileImage{target.string(), 0777, true}};
}

/// Onto the disk, and complete, or not there at all.
Result<void> write_staged(const std::filesystem::path& path, const FileImage& image)
{
    if (image.is_link) {
        return ::symlink(image.bytes.c_str(), path.c_str()) == 0 ? Result<void>{} : cannot("make link", path);
    }
    const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!file) {
        return cannot("write", path);
    }
    if (auto written = write_all(file.get(), image.bytes, path.string()); !written) {
        return written;
    }
    if (::fchmod(file.get(), image.mode) != 0 || ::fsync(file.get()) != 0) {
        return cannot("write", path);
    }
    return {};
}

}  // namespace

Result<std::optional<FileImage>> image_of(const std::filesystem::path& path)
{
    struct stat status = {};
    if (::lstat(path.c_str(), &status) != 0) {
        return errno == ENOENT || errno == ENOTDIR ? Result<std::optional<FileImage>>{std::nullopt}
                                                   : cannot("look at", path);
    }
    if (S_ISLNK(status.st_mode)) {
        return link_image(path);
    }
    if (!S_ISREG(status.st_mode)) {
        return Error{ErrorCode::unsupported, fmt::format("cannot replace '{}': it is no file", path.string())};
    }
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
    if (!file) {
        return cannot("read", path);
    }
    auto bytes = read_all(file.get(), path.string(), most);
    if (!bytes) {
        return std::move(bytes).error();
    }
    return std::optional{FileImage{std::move(*bytes), status.st_mode & mode_bits, false}};
}

/// The inverse of each kind of step, from what the disk holds now.
struct FileDomain::Inverse {
    const std::filesystem::path& top;

    Result<MaybeStep> operator()(const StageFile& stage) const { return MaybeStep{RestoreFile{stage.staged, {}, {}}}; }
    Result<MaybeStep> operator()(const PlaceFile& place) const
    {
        auto old = image_of(top / place.path);
        return old ? Result<MaybeStep>{RestoreFile{place.path, std::move(*old), place.image}}
                   : Result<MaybeStep>{std::move(old).error()};
    }
    Result<MaybeStep> operator()(const RemoveFile& remove) const
    {
        auto old = image_of(top / remove.path);
        return old ? Result<MaybeStep>{RestoreFile{remove.path, std::move(*old), {}}}
                   : Result<MaybeStep>{std::move(old).error()};
    }
    Result<MaybeStep> operator()(const MakeFolder& folder) const
    {
        std::error_code problem;
        return std::filesystem::exists(top / folder.path, problem) ? MaybeStep{} : MaybeStep{RemoveFolder{folder.path}};
    }
    Result<MaybeStep> operator()(const RemoveFolder& folder) const
    {
        std::error_code problem;
        return std::filesystem::exists(top / folder.path, problem) ? MaybeStep{MakeFolder{folder.path}} : MaybeStep{};
    }
    Result<MaybeStep> operator()(const auto& /*an inverse itself*/) const { return MaybeStep{}; }
};

/// Each kind of step, made.
struct FileDomain::Apply {
    const std::filesystem::path& top;

    Result<void> operator()(const StageFile& stage) const
    {
        const auto path = top / stage.staged;
        if (auto clean = remove_if_there(path); !clean) {
            return clean;
        }
        return write_staged(path, stage.image);
    }
    Result<void> operator()(const PlaceFile& place) const
    {
        if (std::rename((top / place.staged).c_str(), (top / place.path).c_str()) != 0) {
            return cannot("write", top / place.path);
        }
        return sync_directory((top / place.path).parent_path());
    }
    Result<void> operator()(const RemoveFile& remove) const
    {
        if (auto removed = remove_if_there(top / remove.path); !removed) {
            return removed;
        }
        return sync_directory((top / remove.path).parent_path());
    }
    Result<void> operator()(const MakeFolder& folder) const
    {
        if (auto made = make_directories(top / folder.path, 0755); !made) {
            return made;
        }
        return sync_directory((top / folder.path).parent_path());
    }
    Result<void> operator()(const RestoreFile& restore) const
    {
        const auto path = top / restore.path;
        const auto now = image_of(path);
        if (!now) {
            return now.error();
        }
        const bool is_staged = !restore.old && !restore.ours;
        if (*now == restore.old) {
            return {};
        }
        if (!is_staged && *now != restore.ours) {
            return Error{
                ErrorCode::external,
                fmt::format("cannot give '{}' its old content back: somebody changed it since", path.string())};
        }
        if (!restore.old) {
            return (*this)(RemoveFile{restore.path});
        }
        const auto staged = restore.path + ".kvmkit-net-setup.undo.tmp";
        if (auto written = (*this)(StageFile{restore.path, staged, *restore.old}); !written) {
            return written;
        }
        return (*this)(PlaceFile{restore.path, staged, *restore.old});
    }
    Result<void> operator()(const RemoveFolder& folder) const
    {
        if (::rmdir((top / folder.path).c_str()) != 0 && errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST) {
            return cannot("remove folder", top / folder.path);
        }
        return {};
    }
};

Result<std::optional<FileStep>> FileDomain::inverse(const Step& step)
{
    return std::visit(Inverse{top_}, step);
}

Result<void> FileDomain::apply(const Step& step)
{
    return std::visit(Apply{top_}, step);
}

}  // namespace kvmkit::net
