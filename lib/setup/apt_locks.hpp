// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"
#include "setup/distribution.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::setup {

/// Who keeps the package manager to itself at the moment.
struct LockHolder {
    std::string path;     ///< "/var/lib/dpkg/lock-frontend"
    pid_t pid = 0;        ///< 0: a process that cannot be seen from here, as of another container.
    std::string command;  ///< Its command line; empty if it cannot be read.
    std::optional<std::chrono::seconds> age;
    std::string unit = {};   ///< systemd's, "apt-daily-upgrade.service"; empty if it is in none.
    bool abandoned = false;  ///< It is there, and no process has it open. Only root can tell.
};

/// "pid 812 ('/usr/bin/unattended-upgrade'), unit apt-daily-upgrade.service, running for 34 s"
std::string describe(const LockHolder& holder);

/// The innermost service or session of a control group, from /proc/PID/cgroup; empty if there is none.
std::string unit_in(std::string_view cgroups);

/// The first of the locks of dpkg and apt, or of dnf or zypper and rpm, or of pacman, that somebody else holds. `top`
/// is the host's root directory.
Result<std::optional<LockHolder>> find_lock_holder(const std::filesystem::path& top,
                                                   Installer installer = Installer::apt);

/// How a wait is watched. Both may be empty.
struct LockWatch {
    std::function<void(const LockHolder&, std::chrono::seconds)> waiting = {};  ///< Told now and then how long it took.
    std::function<bool()> interrupted = {};
};

/// Waits until nobody holds them. The locks are looked at, never taken, broken or deleted, and no holder is killed:
/// apt's own wait (DPkg::Lock::Timeout) covers neither the lists' lock nor releases before 1.9.11, and dnf's has no
/// end. What was left behind is not waited for: ErrorCode::external says how to remove it. Root.
Result<void> wait_for_locks(const std::filesystem::path& top,
                            std::chrono::seconds limit,
                            const LockWatch& watch,
                            Installer installer = Installer::apt);

}  // namespace kvmkit::setup
