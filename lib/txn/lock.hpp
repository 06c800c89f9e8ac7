// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "txn/places.hpp"

#include <filesystem>
#include <string>

namespace kvmkit::txn {

/// Keeps a second instance out. The file names its holder, and is removed when the lock is dropped; a holder that was
/// killed leaves the file but not the lock.
class Lock {
public:
    /// Takes /run/kvmkit/NAME at once or fails: ErrorCode::locked names the holder's pid, command and age.
    /// `command` is what the next one is told about us.
    static Result<Lock> acquire(const Places& places, const std::string& name, const std::string& command);

    /// A forked process that holds the lock, too, names itself as the holder: the one that took it has died.
    void take_over(const std::string& command) const;

    Lock(Lock&&) noexcept = default;
    Lock& operator=(Lock&&) noexcept = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock();

private:
    Lock(std::filesystem::path path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    std::filesystem::path path_;
    UniqueFd fd_;
};

}  // namespace kvmkit::txn
