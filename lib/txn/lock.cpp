// SPDX-License-Identifier: Apache-2.0
#include "txn/lock.hpp"

#include "system/clock.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::txn {
namespace {

using Json = nlohmann::json;

std::string holder_text(const std::string& command)
{
    return Json{{"pid", ::getpid()}, {"command", command}, {"since", wall_clock().time_since_epoch().count()}}.dump();
}

/// Absent: it is not there, or no such value.
template <class Value>
std::optional<Value> value_in(const Json& record, const char* key)
{
    const auto found = record.find(key);
    if (found == record.end()) {
        return std::nullopt;
    }
    const bool fits = std::is_same_v<Value, std::string> ? found->is_string() : found->is_number_integer();
    return fits ? std::optional{found->get<Value>()} : std::nullopt;
}

Error taken_by(int fd, const std::filesystem::path& path)
{
    (void)::lseek(fd, 0, SEEK_SET);
    const auto text = read_all(fd, path.string(), 65536);
    const auto holder = Json::parse(text.value_or(""), nullptr, false);
    Error nameless{
        ErrorCode::locked, fmt::format("another instance holds '{}'", path.string()), "try again in a moment"};
    if (!holder.is_object()) {  // it took the lock and has not written its name yet
        return nameless;
    }
    const auto since = value_in<std::int64_t>(holder, "since");
    const auto pid = value_in<int>(holder, "pid");
    const auto command = value_in<std::string>(holder, "command");
    if (!since || !pid || !command) {
        return nameless;
    }
    const auto age = wall_clock().time_since_epoch().count() - *since;
    return {ErrorCode::locked,
            fmt::format("another instance is at work: pid {} ('{}'), for {} s", *pid, *command, age),
            fmt::format("wait until it is done, or look at it: ps -fp {}", *pid)};
}

/// Whether the path still names the file that we opened: the last holder removes it, and a lock on a removed file keeps
/// nobody out.
bool names_this_file(const std::filesystem::path& path, int fd)
{
    struct stat opened {};
    struct stat named {};
    return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

}  // namespace

Result<Lock> Lock::acquire(const Places& places, const std::string& name, const std::string& command)
{
    if (auto made = make_directories(places.runtime, 0755); !made) {
        return std::move(made).error();
    }
    if (auto safe = check_is_ours(places.runtime); !safe) {
        return std::move(safe).error();
    }
    const auto path = places.runtime / name;
    for (;;) {
        UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
        if (!fd) {
            return errno_error(errno, fmt::format("cannot open lock '{}'", path.string()));
        }
        if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
            return errno == EWOULDBLOCK ? taken_by(fd.get(), path)
                                        : errno_error(errno, fmt::format("cannot lock '{}'", path.string()));
        }
        if (!names_this_file(path, fd.get())) {
            continue;
        }
        if (::ftruncate(fd.get(), 0) != 0) {
            return errno_error(errno, fmt::format("cannot write lock '{}'", path.string()));
        }
        if (auto written = write_all(fd.get(), holder_text(command), path.string()); !written) {
            return std::move(written).error();
        }
        return Lock{path, std::move(fd)};
    }
}

void Lock::take_over(const std::string& command) const
{
    if (::ftruncate(fd_.get(), 0) == 0 && ::lseek(fd_.get(), 0, SEEK_SET) == 0) {
        (void)write_all(fd_.get(), holder_text(command), path_.string());
    }
}

Lock::~Lock()
{
    if (fd_) {
        (void)::unlink(path_.c_str());
    }
}

}  // namespace kvmkit::txn
