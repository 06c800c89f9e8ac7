// SPDX-License-Identifier: Apache-2.0
#include "system/files.hpp"

#include "base/unique_fd.hpp"
#include "system/internal/attributes.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// Deletes the temporary file unless it was renamed away.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::filesystem::path& beside)
        : name_(beside.string() + ".kvmkit-XXXXXX"), fd_(::mkostemp(name_.data(), O_CLOEXEC))
    {
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile()
    {
        if (fd_ && !renamed_) {
            (void)::unlink(name_.c_str());
        }
    }

    [[nodiscard]] int fd() const { return fd_.get(); }

    bool rename_to(const std::filesystem::path& path)
    {
        renamed_ = std::rename(name_.c_str(), path.c_str()) == 0;
        return renamed_;
    }

    /// Replaces nothing. File systems that cannot rename so can make a link; then the temporary name goes with us.
    bool rename_to_new(const std::filesystem::path& path)
    {
        renamed_ = ::renameat2(AT_FDCWD, name_.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0;
        return renamed_ || ((errno == EINVAL || errno == ENOSYS) && ::link(name_.c_str(), path.c_str()) == 0);
    }

private:
    std::string name_;
    UniqueFd fd_;
    bool renamed_ = false;
};

std::string cannot_write(const std::filesystem::path& path)
{
    return fmt::format("cannot write '{}'", path.string());
}

/// Gives an open file its look, and the attributes of the file whose place it takes. The owner first: a change of it
/// takes bits of the mode and capabilities away. The mode last: it has the last word over an access list's mask.
bool make_look_like(int fd, const FileLook& look, const std::filesystem::path& replaced)
{
    if (look.owner && ::fchown(fd, look.owner->user, look.owner->group) != 0) {
        return false;
    }
    if (!copy_attributes(replaced, fd)) {
        return false;
    }
    if (::fchmod(fd, look.mode) != 0) {
        return false;
    }
    if (!look.modified_ns) {
        return true;
    }
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t seconds = *look.modified_ns / second;
    const timespec modified{.tv_sec = static_cast<time_t>(seconds),
                            .tv_nsec = static_cast<long>(*look.modified_ns - seconds * second)};
    const std::array<timespec, 2> times{timespec{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, modified};
    return ::futimens(fd, times.data()) == 0;
}

/// Writes the bytes so that they last through a power cut.
Result<void> fill(const TemporaryFile& file,
                  const std::filesystem::path& path,
                  std::string_view bytes,
                  const FileLook& look)
{
    if (file.fd() < 0) {
        return errno_error(errno, cannot_write(path));
    }
    if (auto written = write_all(file.fd(), bytes, path.string()); !written) {
        return written;
    }
    if (!make_look_like(file.fd(), look, path) || ::fsync(file.fd()) != 0) {
        return errno_error(errno, cannot_write(path));
    }
    return {};
}

/// A name without a folder lies in the working directory.
std::filesystem::path folder_of(const std::filesystem::path& path)
{
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
}

}  // namespace

Result<std::string> read_all(int fd, std::string_view name, std::size_t max_bytes)
{
    std::string text;
    std::array<char, 16384> chunk{};
    for (;;) {
        const ssize_t got = ::read(fd, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno_error(errno, fmt::format("cannot read '{}'", name));
        }
        if (got == 0) {
            return text;
        }
        if (text.size() + static_cast<std::size_t>(got) > max_bytes) {
            return Error{ErrorCode::unsupported, fmt::format("'{}' is larger than {} bytes", name, max_bytes)};
        }
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

Result<void> write_all(int fd, std::string_view bytes, std::string_view name)
{
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd, bytes.data(), bytes.size());
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return errno_error(errno, fmt::format("cannot write '{}'", name));
        }
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
}

Result<void> write_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode)
{
    return write_atomically(path, bytes, FileLook{.mode = mode});
}

Result<void> write_atomically(const std::filesystem::path& path, std::string_view bytes, const FileLook& look)
{
    TemporaryFile file{path};
    if (auto filled = fill(file, path, bytes, look); !filled) {
        return filled;
    }
    if (!file.rename_to(path)) {
        return errno_error(errno, cannot_write(path));
    }
    return sync_directory(folder_of(path));
}

Result<void> write_new(const std::filesystem::path& path, std::string_view bytes, mode_t mode)
{
    TemporaryFile file{path};
    if (auto filled = fill(file, path, bytes, FileLook{.mode = mode}); !filled) {
        return filled;
    }
    if (!file.rename_to_new(path)) {
        return errno_error(errno, cannot_write(path));
    }
    return sync_directory(folder_of(path));
}

Result<void> sync_directory(const std::filesystem::path& directory)
{
    const UniqueFd fd{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!fd || ::fsync(fd.get()) != 0) {
        return errno_error(errno, fmt::format("cannot sync directory '{}'", directory.string()));
    }
    return {};
}

Result<void> make_directories(const std::filesystem::path& directory, mode_t mode)
{
    std::error_code problem;
    if (std::filesystem::is_directory(directory, problem)) {
        return {};
    }
    if (directory.has_parent_path() && directory.parent_path() != directory) {
        if (auto parent = make_directories(directory.parent_path(), 0755); !parent) {
            return parent;
        }
    }
    if (::mkdir(directory.c_str(), mode) != 0 && errno != EEXIST) {
        return errno_error(errno, fmt::format("cannot create directory '{}'", directory.string()));
    }
    return {};
}

Result<void> remove_if_there(const std::filesystem::path& path)
{
    if (std::remove(path.c_str()) != 0 && errno != ENOENT) {
        return errno_error(errno, fmt::format("cannot remove '{}'", path.string()));
    }
    return {};
}

}  // namespace kvmkit
