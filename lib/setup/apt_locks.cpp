// SPDX-License-Identifier: Apache-2.0
#include "setup/apt_locks.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "system/clock.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <span>
#include <system_error>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// Locks of fcntl(2).
constexpr std::array apt_locks{
    "var/lib/dpkg/lock-frontend", "var/lib/dpkg/lock", "var/lib/apt/lists/lock", "var/cache/apt/archives/lock"};
constexpr std::array rpm_locks{"var/lib/rpm/.rpm.lock", "usr/lib/sysimage/rpm/.rpm.lock"};
/// Files that hold a process's number while it runs.
constexpr std::array dnf_locks{
    "var/cache/dnf/metadata_lock.pid", "var/cache/dnf/download_lock.pid", "var/lib/dnf/rpmdb_lock.pid"};
/// dnf5's are of fcntl(2).
constexpr std::array dnf5_locks{
    "run/dnf/rpmtransaction.lock", "usr/lib/sysimage/libdnf5/system-repo.lock", "var/lib/dnf/system-repo.lock"};
constexpr std::array zypper_locks{"run/zypp.pid"};
/// A file that is there while somebody is at work, and that he keeps open.
constexpr const char* pacman_lock = "var/lib/pacman/db.lck";

std::string small_file(const std::string& path)
{
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    return file ? read_all(file.get(), path, 65536).value_or("") : std::string{};
}

std::string command_of(pid_t pid)
{
    auto text = small_file(fmt::format("/proc/{}/cmdline", pid));
    std::ranges::replace(text, '\0', ' ');
    if (trim(text).empty()) {
        text = small_file(fmt::format("/proc/{}/comm", pid));
    }
    return std::string{trim(text)};
}

std::optional<std::chrono::seconds> age_of(pid_t pid)
{
    const auto ticks = process_start_time(pid);
    const auto per_second = ::sysconf(_SC_CLK_TCK);
    const auto uptime = std::strtoll(small_file("/proc/uptime").c_str(), nullptr, 10);
    if (!ticks || per_second <= 0) {
        return std::nullopt;
    }
    const auto started = static_cast<long long>(*ticks) / per_second;
    return std::chrono::seconds{std::max(0LL, uptime - started)};
}

LockHolder holder(const std::filesystem::path& path, pid_t pid)
{
    if (pid == 0) {
        return {path.string(), pid, "", {}};
    }
    auto unit = unit_in(small_file(fmt::format("/proc/{}/cgroup", pid)));
    return {path.string(), pid, command_of(pid), age_of(pid), std::move(unit)};
}

/// fcntl's own answer: unlike a look at the file, it names the holder.
Result<std::optional<LockHolder>> holder_of(const std::filesystem::path& path)
{
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
        return errno == ENOENT ? Result<std::optional<LockHolder>>{std::nullopt}
                               : errno_error(errno, fmt::format("cannot open '{}'", path.string()));
    }
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(file.get(), F_GETLK, &lock) != 0) {
        return errno_error(errno, fmt::format("cannot look at lock '{}'", path.string()));
    }
    if (lock.l_type == F_UNLCK) {
        return std::optional<LockHolder>{};
    }
    return std::optional{holder(path, std::max(lock.l_pid, 0))};
}

/// A number whose process is gone holds nothing: dnf itself takes such a lock over.
std::optional<LockHolder> holder_by_number(const std::filesystem::path& path)
{
    const auto text = small_file(path.string());
    const auto pid = static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10));
    return pid > 0 && process_start_time(pid) ? std::optional{holder(path, pid)} : std::nullopt;
}

bool has_open(pid_t pid, const struct stat& file)
{
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator{fmt::format("/proc/{}/fd", pid), problem}) {
        struct stat opened {};
        if (::stat(entry.path().c_str(), &opened) == 0 && opened.st_dev == file.st_dev &&
            opened.st_ino == file.st_ino) {
            return true;
        }
    }
    return false;
}

std::optional<LockHolder> holder_by_presence(const std::filesystem::path& path)
{
    struct stat file {};
    if (::stat(path.c_str(), &file) != 0) {
        return std::nullopt;
    }
    std::error_code problem;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", problem}) {
        const auto pid = static_cast<pid_t>(std::strtol(entry.path().filename().c_str(), nullptr, 10));
        if (pid > 0 && has_open(pid, file)) {
            return holder(path, pid);
        }
    }
    auto nobody = holder(path, 0);
    nobody.abandoned = ::geteuid() == 0;
    return nobody;
}

Result<std::optional<LockHolder>> first_holder(const std::filesystem::path& top, std::span<const char* const> paths)
{
    for (const char* path : paths) {
        auto found = holder_of(top / path);
        if (!found || *found) {
            return found;
        }
    }
    return std::optional<LockHolder>{};
}

Error still_held(const LockHolder& holder, std::chrono::seconds limit, Installer installer)
{
    return {ErrorCode::timeout,
            fmt::format("cannot use {}: '{}' is held by {}; waited {} s",
                        word(installer),
                        holder.path,
                        describe(holder),
                        limit.count()),
            "wait until it is done and run this again, or wait longer with --lock-timeout SECONDS"};
}

/// Whoever makes or removes it has it closed for a moment: it must look so for a while.
class Abandonment {
public:
    bool proved(const LockHolder& holder)
    {
        const auto now = Deadline::Clock::now();
        if (!holder.abandoned) {
            last_seen_held_ = now;
        }
        return now - last_seen_held_ > patience;
    }

    static Error error(const LockHolder& holder, Installer installer)
    {
        return {ErrorCode::external,
                fmt::format("cannot use {}: '{}' was left behind by one that did not come to its end: no process has "
                            "it open",
                            word(installer),
                            holder.path),
                fmt::format("make sure that no {} is at work, then: rm {}", word(installer), holder.path)};
    }

private:
    static constexpr std::chrono::seconds patience{3};
    Deadline::Clock::time_point last_seen_held_ = Deadline::Clock::now();
};

}  // namespace

std::string unit_in(std::string_view cgroups)
{
    for (const auto line : lines(cgroups)) {
        for (auto path = line; path.find('/') != std::string_view::npos; path = path.substr(0, path.rfind('/'))) {
            const auto name = path.substr(path.rfind('/') + 1);
            if (name.ends_with(".service") || name.ends_with(".scope")) {
                return std::string{name};
            }
        }
    }
    return {};
}

std::string describe(const LockHolder& holder)
{
    if (holder.abandoned) {
        return "no process";
    }
    if (holder.pid == 0) {
        return "a process that cannot be seen from here";
    }
    auto text = fmt::format("pid {} ('{}')", holder.pid, holder.command);
    if (!holder.unit.empty()) {
        text += fmt::format(", unit {}", holder.unit);
    }
    if (holder.age) {
        text += fmt::format(", running for {} s", holder.age->count());
    }
    return text;
}

Result<std::optional<LockHolder>> find_lock_holder(const std::filesystem::path& top, Installer installer)
{
    if (installer == Installer::apt) {
        return first_holder(top, apt_locks);
    }
    if (installer == Installer::pacman) {
        return holder_by_presence(top / pacman_lock);
    }
    if (installer == Installer::dnf5) {
        auto found = first_holder(top, dnf5_locks);
        return !found || *found ? found : first_holder(top, rpm_locks);
    }
    const auto numbers = installer == Installer::dnf ? std::span<const char* const>{dnf_locks}
                                                     : std::span<const char* const>{zypper_locks};
    for (const char* path : numbers) {
        if (auto found = holder_by_number(top / path)) {
            return found;
        }
    }
    return first_holder(top, rpm_locks);
}

Result<void> wait_for_locks(const std::filesystem::path& top,
                            std::chrono::seconds limit,
                            const LockWatch& watch,
                            Installer installer)
{
    constexpr std::chrono::seconds between_notes{10};
    constexpr int slice_ms = 200;
    const auto began = Deadline::Clock::now();
    const auto deadline = Deadline::after(limit);
    auto next_note = Deadline::after(std::chrono::seconds{0});
    Abandonment abandonment;
    for (;;) {
        const auto holder = find_lock_holder(top, installer);
        if (!holder) {
            return holder.error();
        }
        if (!*holder) {
            return {};
        }
        if (watch.waiting && next_note.passed()) {
            watch.waiting(**holder, std::chrono::floor<std::chrono::seconds>(Deadline::Clock::now() - began));
            next_note = Deadline::after(between_notes);
        }
        if (abandonment.proved(**holder)) {
            return Abandonment::error(**holder, installer);
        }
        if (deadline.passed()) {
            return still_held(**holder, limit, installer);
        }
        if (watch.interrupted && watch.interrupted()) {
            return Error{ErrorCode::interrupted, fmt::format("interrupted while waiting for {}", word(installer))};
        }
        (void)::poll(nullptr, 0, slice_ms);  // fcntl's waiting lock has no deadline
    }
}

}  // namespace kvmkit::setup
