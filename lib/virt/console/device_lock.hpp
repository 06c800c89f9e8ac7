// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace kvmkit::virt {

/// A lock on a character device in the way of the Filesystem Hierarchy Standard: /var/lock/LCK..NAME with the pid of
/// who has it. libvirt keeps the same ones, so that neither takes a console from the other. Given back on destruction.
class DeviceLock {
public:
    /// `device` is "/dev/pts/3". busy: a process that lives has it. A lock of one that is gone is taken over. Without
    /// the right to write there the device is not locked, as libvirt does it, too. `doing` begins each error.
    static Result<DeviceLock> take(std::string_view device,
                                   std::string_view doing,
                                   const std::filesystem::path& folder = "/var/lock");
    DeviceLock(DeviceLock&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    DeviceLock& operator=(DeviceLock&&) = delete;
    DeviceLock(const DeviceLock&) = delete;
    DeviceLock& operator=(const DeviceLock&) = delete;
    ~DeviceLock();

private:
    explicit DeviceLock(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;  ///< Empty: nothing to give back.
};

}  // namespace kvmkit::virt
