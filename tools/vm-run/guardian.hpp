// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"

#include <sys/types.h>

namespace kvmkit::vm_run {

/// A small process that outlives this one: if this one dies without a farewell (kill -9), it runs 'vm-run gc'. Made
/// before the first thread and before any lock is held; it keeps no other descriptor and no terminal.
class Guardian {
public:
    static Result<Guardian> appoint();
    Guardian(Guardian&& other) noexcept = default;
    Guardian& operator=(Guardian&&) = delete;
    Guardian(const Guardian&) = delete;
    Guardian& operator=(const Guardian&) = delete;
    /// Without a dismissal before, 'vm-run gc' runs once this process has ended.
    ~Guardian() = default;

    /// Nothing is left to guard: the process ends at once.
    void dismiss();

private:
    Guardian(pid_t pid, UniqueFd pipe) : pid_(pid), pipe_(std::move(pipe)) {}
    pid_t pid_;
    UniqueFd pipe_;
};

}  // namespace kvmkit::vm_run
